import { time as written, plural } from "./format.js";

// describe says in words what a row shows at a time. A hold that is narrower than a
// pixel is found within `near` ms.
export function describe(recording, row, time, near) {
  const lines = [`${row.name} · ${written(time)}`];
  const hold = nearest(row, time, near);
  if (hold >= 0) lines.push(...held(recording, row, hold));
  const other = row.foreignAt(time);
  if (other) lines.push(`held by somebody else${other.owner ? `: ${other.owner}` : ""}`);
  if (hold < 0 && !other) lines.push("free");
  const waiting = row.waitersAt(time);
  if (waiting) lines.push(`${plural(waiting, "reading")} ${waiting === 1 ? "waits" : "wait"} for it`);
  return lines.join("\n");
}

function nearest(row, time, near) {
  const hold = row.holdAt(time);
  if (hold >= 0) return hold;
  const next = row.firstHold(time - near);
  return next < row.start.length && row.start.values[next] <= time + near && row.end.values[next] > time - near ? next : -1;
}

function held(recording, row, hold) {
  const start = row.start.values[hold], end = row.end.values[hold], reading = row.reading.values[hold];
  const until = end === Infinity ? (recording.report ? "never freed" : "still held") : `for ${written(end - start)}`;
  const members = recording.members.get(reading, 0);
  const who = members === 1 ? "one query" : plural(members, "query", "queries");
  return [`held ${until}`, `reading ${reading + 1}${members ? `, which answered ${who}` : ""}`];
}

import { $, fillTable } from "./dom.js";
import { bins, widthOf } from "./bins.js";
import { count, time as written } from "./format.js";

// The pictures' contents as tables. They are filled when they are opened.

export function fillTimelineTable(recording) {
  const end = Math.max(1, recording.end);
  fillTable($("timeline-rows"), recording.rows.map((row) => {
    const held = total(row.start.view(), row.end.view(), end);
    const waits = row.waiting(end);
    const waited = total(waits.filter((_, i) => i % 2 === 0), waits.filter((_, i) => i % 2 === 1), end);
    return [row.name, count(row.start.length), written(held), `${((100 * held) / end).toFixed(1)} %`, written(waited), count(row.theirs().length)];
  }));
}

function total(starts, ends, last) {
  let sum = 0;
  for (let i = 0; i < starts.length; i++) sum += Math.min(ends[i], last) - starts[i];
  return sum;
}

export function fillLatencyTable(recording) {
  const width = widthOf(recording);
  fillTable($("latency-rows"), bins(recording, Infinity, width).map((n, i) => [`${written(i * width)} to ${written((i + 1) * width)}`, count(n)]));
}

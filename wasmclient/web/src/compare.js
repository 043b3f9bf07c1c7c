import { $, element, fillTable } from "./dom.js";
import { count, seconds, time as written, times } from "./format.js";
import { mostEvents } from "./events.js";

const dash = "–";
const latency = (report, name) => (report.latency_s ? seconds(report.latency_s[name]) : dash);

// columns are the command line's.
export const columns = [
  ["strategy", (r) => r.strategy],
  ["queries", (r) => count(r.queries)],
  ["failed", (r) => count(r.failed)],
  ["makespan", (r) => seconds(r.makespan_s)],
  ...["min", "mean", "p50", "p99", "max"].map((name) => [name, (r) => latency(r, name)]),
  ["calls/query", (r) => r.calls_per_query.toFixed(2)],
  ["locks/query", (r) => r.locks_per_query.toFixed(2)],
];

// compare shows what the runs came to: the table, and bars with the ratio of each step.
export function compare(recordings, stopped) {
  const reports = recordings.map((recording) => recording.report);
  fillTable($("rows"), reports.map((report) => columns.map(([, value]) => value(report))));
  $("notes").replaceChildren(...recordings.flatMap((recording) => notes(recording, stopped)));
  $("ladder").hidden = reports.length < 2 || stopped; // what was stopped is not comparable
  const longest = Math.max(1e-9, ...reports.map((report) => report.makespan_s));
  $("bars").replaceChildren(...reports.map((_, i) => bar(reports, i, longest)));
  $("bars-text").textContent = summary(reports);
}

// bar shows a run of the ladder, and how much faster it is than the one before and the first.
function bar(reports, i, longest) {
  const { strategy, makespan_s } = reports[i];
  const fill = element("span", { class: "fill" });
  fill.style.width = `${(100 * makespan_s) / longest}%`;
  return element("li", {},
    element("span", { class: "who" }, strategy),
    element("span", { class: "track" }, fill),
    element("span", { class: "value" }, written(makespan_s * 1000)),
    ...(i > 0 ? [element("span", { class: "step" }, step(reports, i))] : []));
}

function step(reports, i) {
  const faster = (than) => times(than.makespan_s / reports[i].makespan_s);
  return i === 1 ? `${faster(reports[0])} as fast as the first` : `${faster(reports[i - 1])} as fast as the step before, ${faster(reports[0])} the first`;
}

function summary([slowest, ...others]) {
  const fastest = others.pop();
  if (!fastest) return "";
  const took = ({ strategy, makespan_s }) => `${strategy} takes ${written(makespan_s * 1000)}`;
  const calls = (report, digits) => report.calls_per_query.toFixed(digits);
  return `The bars are drawn to one scale: ${took(slowest)}, ${took(fastest)}, ${times(slowest.makespan_s / fastest.makespan_s)} as fast. ` +
    `It makes ${calls(fastest, 2)} calls a query instead of ${calls(slowest, 1)}.`;
}

// notes are what the table has no column for.
function notes({ report, cut }, stopped) {
  const { strategy, failed, first_error, possibly_locked = [], locks_left = [], bad_reads, hash, events } = report;
  const all = [];
  if (cut) all.push(`the pictures show the first ${count(mostEvents)} events, too few for a CSV of the queries`);
  if (failed) all.push(`${count(failed)} failed, the first: ${first_error}`);
  if (possibly_locked.length) all.push(`possibly left locked, since an answer was lost: ${possibly_locked.join(", ")}`);
  if (locks_left.length && !stopped) all.push(`left locked on the server: ${locks_left.join(", ")}`);
  if (bad_reads) all.push(`${count(bad_reads)} reads without the lock`);
  if (hash) all.push(`${count(events)} events, hash ${hash}`);
  return all.map((text) => element("li", {}, `${strategy}: ${text}`));
}

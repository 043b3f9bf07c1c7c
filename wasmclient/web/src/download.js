import { columns } from "./compare.js";
import { element } from "./dom.js";
import { ofName } from "./colours.js";
import { drawBars, drawCrashes, drawFrame, layOut } from "./timeline-draw.js";

const quote = (cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
const csv = (rows) => rows.map((row) => row.map((cell) => quote(String(cell))).join(",")).join("\r\n") + "\r\n";

// tableCSV is the table, its figures in full.
export function tableCSV(recordings) {
  const figures = ({ report: r }) => {
    const latencies = ["min", "mean", "p50", "p99", "max"].map((name) => r.latency_s?.[name] ?? "");
    return [r.strategy, r.queries, r.failed, r.makespan_s, ...latencies, r.calls_per_query, r.locks_per_query];
  };
  return csv([columns.map(([name]) => name), ...recordings.map(figures)]);
}

// queriesCSV is a row a query, in the order of their ends.
export function queriesCSV(recordings) {
  const rows = recordings.flatMap(({ strategy, outcomes }) =>
    outcomes.map(({ query, start, end, ok }) => [strategy, query + 1, (start / 1000).toFixed(6), ((end - start) / 1000).toFixed(6), ok ? "answered" : "failed"]));
  return csv([["strategy", "query", "start_s", "latency_s", "outcome"], ...rows]);
}

export const asJSON = (recordings) => JSON.stringify(recordings.map(({ options, report }) => ({ options, report })), null, 2) + "\n";

// picture draws the timeline, as it is zoomed, with a title.
export function picture(timeline, title) {
  const { recording, view } = timeline;
  const layout = layOut(1200, recording.rows.length), pad = 24, head = 40, ratio = 2;
  const paint = (draw) => {
    const canvas = element("canvas", { width: layout.width * ratio, height: layout.height * ratio });
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    draw(ctx);
    return canvas;
  };
  const canvas = element("canvas", { width: (layout.width + 2 * pad) * ratio, height: (layout.height + head + 2 * pad) * ratio });
  const ctx = canvas.getContext("2d");
  ctx.scale(ratio, ratio);
  ctx.fillStyle = ofName("card");
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.fillStyle = ofName("text");
  ctx.font = "600 18px system-ui, sans-serif";
  ctx.fillText(title, pad, pad + 18);
  for (const draw of [
    (pen) => drawFrame(pen, layout, view, recording.rows),
    (pen) => { drawBars(pen, layout, view, recording.rows, recording.end, true); drawCrashes(pen, layout, view, recording.crashes); },
  ]) ctx.drawImage(paint(draw), pad, pad + head, layout.width, layout.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

// save hands a file to the visitor.
export function save(name, content, type) {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

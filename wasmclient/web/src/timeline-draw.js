import { ofName, ofReading } from "./colours.js";
import { time } from "./format.js";
import { spanAfter } from "./row.js";

// The timeline's drawing. A layout says where what is; a view is the stretch of time
// that is shown, in ms.

const font = "system-ui, sans-serif";
const axis = 24; // px above the rows

export function layOut(width, rows) {
  const row = Math.max(3, Math.min(14, Math.floor(660 / Math.max(1, rows))));
  return { width, row, rows, left: width < 560 ? 62 : 84, top: axis, height: axis + row * rows + 4, labels: row >= 9 };
}

export const xOf = (layout, view, at) => layout.left + ((at - view.from) / (view.to - view.from)) * (layout.width - layout.left);
export const timeAt = (layout, view, x) => view.from + ((x - layout.left) / (layout.width - layout.left)) * (view.to - view.from);
export const rowAt = (layout, y) => Math.floor((y - layout.top) / layout.row);

// drawFrame draws what does not change while a run is replayed: names, stripes, ticks.
export function drawFrame(ctx, layout, view, rows) {
  ctx.clearRect(0, 0, layout.width, layout.height);
  ctx.fillStyle = ofName("stripe");
  for (let i = 0; i < rows.length; i += 2) ctx.fillRect(layout.left, layout.top + i * layout.row, layout.width - layout.left, layout.row);
  drawTicks(ctx, layout, view);
  if (!layout.labels) return;
  ctx.fillStyle = ofName("quiet");
  ctx.font = `${Math.min(11, layout.row - 1)}px ${font}`;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const [i, row] of rows.entries()) ctx.fillText(row.name, layout.left - 8, layout.top + (i + 0.5) * layout.row, layout.left - 12);
}

function drawTicks(ctx, layout, view) {
  const step = tick((view.to - view.from) / Math.max(2, (layout.width - layout.left) / 110));
  ctx.font = `11px ${font}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    const x = Math.round(xOf(layout, view, at));
    ctx.fillStyle = ofName("line");
    ctx.fillRect(x, layout.top - 4, 1, layout.height - layout.top);
    ctx.fillStyle = ofName("quiet");
    const text = label(at, step);
    const half = ctx.measureText(text).width / 2;
    ctx.fillText(text, Math.min(layout.width - half, Math.max(layout.left + half, x)), axis / 2 - 1);
  }
}

// tick returns the least of 1, 2, 5, 10, ... ms that is not below the least.
function tick(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least);
}

function label(at, step) {
  if (step >= 1000) return `${Math.round(at / 1000)} s`;
  if (step >= 10) return `${(at / 1000).toFixed(step >= 100 ? 1 : 2)} s`;
  return step >= 1 ? `${Math.round(at)} ms` : time(at);
}

// drawBars draws who held what, and under each bar who waited. Only what is in view is
// looked at, and of what falls on the same pixels only the first is drawn.
export function drawBars(ctx, layout, view, rows, now, over) {
  ctx.clearRect(0, 0, layout.width, layout.height);
  const scale = (layout.width - layout.left) / (view.to - view.from);
  const colours = { wait: ofName("wait"), foreign: stripes(ctx, "foreign"), forever: over ? stripes(ctx, "bad") : null };
  for (const [i, row] of rows.entries()) {
    const y = layout.top + i * layout.row;
    drawHolds(ctx, layout, view, scale, row, y, now, colours.forever);
    drawForeign(ctx, layout, view, scale, row, y, now, colours.foreign);
    drawWaits(ctx, layout, view, scale, row, y, now, colours.wait);
  }
}

function drawHolds(ctx, layout, view, scale, row, y, now, forever) {
  const height = Math.max(2, Math.round(layout.row * 0.68));
  const starts = row.start.values, ends = row.end.values, readings = row.reading.values;
  let drawn = -1;
  for (let i = row.firstHold(view.from); i < row.start.length; i++) {
    if (starts[i] > view.to) break;
    const end = Math.min(ends[i], now, view.to);
    const right = layout.left + (end - view.from) * scale;
    if (end < view.from || right <= drawn + 0.5) continue;
    const left = Math.max(drawn, layout.left + (Math.max(starts[i], view.from) - view.from) * scale);
    ctx.fillStyle = forever && ends[i] === Infinity ? forever : ofReading(readings[i]);
    ctx.fillRect(left, y + 1, Math.max(0.8, right - left), height);
    drawn = Math.max(right, left + 0.8);
  }
}

function drawForeign(ctx, layout, view, scale, row, y, now, fill) {
  ctx.fillStyle = fill;
  for (const { start, end } of row.theirs()) {
    const from = Math.max(start, view.from), to = Math.min(end, now, view.to);
    if (to > from) ctx.fillRect(layout.left + (from - view.from) * scale, y + 1, Math.max(1, (to - from) * scale), Math.max(2, Math.round(layout.row * 0.68)));
  }
}

function drawWaits(ctx, layout, view, scale, row, y, now, colour) {
  const spans = row.waiting(now);
  const height = Math.max(1, Math.round(layout.row * 0.2));
  ctx.fillStyle = colour;
  let drawn = -1;
  for (let i = spanAfter(spans, view.from); i < spans.length; i += 2) {
    if (spans[i] > view.to) break;
    const right = layout.left + (Math.min(spans[i + 1], view.to) - view.from) * scale;
    if (right <= drawn + 0.5) continue;
    const left = Math.max(drawn, layout.left + (Math.max(spans[i], view.from) - view.from) * scale);
    if (right - left > 0.3) ctx.fillRect(left, y + layout.row - height - 1, right - left, height);
    drawn = right;
  }
}

// stripes is what is filled with that is nobody's here, or nobody's any more.
function stripes(ctx, colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const pen = tile.getContext("2d");
  pen.fillStyle = ofName(colour);
  pen.fillRect(0, 0, 6, 6);
  pen.strokeStyle = ofName("card");
  pen.lineWidth = 1.4;
  for (const shift of [-6, 0, 6]) {
    pen.beginPath();
    pen.moveTo(shift, 6);
    pen.lineTo(shift + 6, 0);
    pen.stroke();
  }
  return ctx.createPattern(tile, "repeat");
}

// drawHead draws where the replay is.
export function drawHead(ctx, layout, x) {
  ctx.fillStyle = ofName("text");
  ctx.fillRect(Math.round(x) - 1, layout.top - 6, 2, layout.height - layout.top + 6);
  ctx.beginPath();
  ctx.arc(x, layout.top - 6, 4, 0, 2 * Math.PI);
  ctx.fill();
}

export function drawCrashes(ctx, layout, view, crashes) {
  ctx.fillStyle = ofName("bad");
  for (const at of crashes) {
    if (at < view.from || at > view.to) continue;
    ctx.fillRect(xOf(layout, view, at) - 1, layout.top, 2, layout.height - layout.top);
  }
}

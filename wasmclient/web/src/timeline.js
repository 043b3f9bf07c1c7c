import { onTheme } from "./colours.js";
import * as draw from "./timeline-draw.js";
import { navigate } from "./navigate.js";
import { describe } from "./tooltip.js";

const faint = 0.16; // how much is seen of what is yet to come

// Timeline is the picture with a row for each endpoint. What does not move is kept on
// canvases of its own, so that a frame of a replay copies two pictures and draws a line.
export class Timeline {
  constructor(box) {
    this.box = box;
    this.canvas = box.querySelector("canvas");
    this.tip = box.querySelector("[role=tooltip]");
    this.frame = document.createElement("canvas");
    this.bars = document.createElement("canvas");
    this.recording = null;
    this.time = 0;
    this.zoom = 1;
    this.from = 0;
    this.drawn = ""; // what the kept pictures show
    new ResizeObserver(() => this.render()).observe(box);
    onTheme(() => { this.drawn = ""; this.render(); });
    navigate(this);
  }

  show(recording) {
    this.recording = recording;
    this.reset();
  }

  reset() {
    this.zoom = 1;
    this.from = 0;
    this.render();
  }

  // length is the time that the whole picture covers.
  get length() {
    return Math.max(1, this.recording?.end ?? 1);
  }

  get view() {
    const span = this.length / this.zoom;
    const from = Math.max(0, Math.min(this.from, this.length - span));
    return { from, to: from + span };
  }

  // zoomBy zooms in or out around a time.
  zoomBy(factor, around) {
    const { from, to } = this.view;
    const middle = around ?? (from + to) / 2;
    const zoom = Math.max(1, Math.min(this.length / 2, this.zoom * factor)); // at most: 2 ms in the whole width
    this.from = middle - (middle - from) * (this.zoom / zoom);
    this.zoom = zoom;
    this.render();
  }

  // panBy moves by a share of what is seen.
  panBy(share) {
    const { from, to } = this.view;
    this.from = Math.max(0, Math.min(from + share * (to - from), this.length - (to - from)));
    this.render();
  }

  // seek shows the run as it was at that time. A picture that is zoomed follows.
  seek(time, follow) {
    this.time = time;
    const { from, to } = this.view;
    if (follow && this.zoom > 1 && (time > from + 0.8 * (to - from) || time < from)) this.from = time - 0.8 * (to - from);
    this.render();
  }

  render() {
    const { recording, canvas } = this;
    const width = Math.floor(this.box.clientWidth);
    if (!recording || !width) return;
    const layout = (this.layout = draw.layOut(width, recording.rows.length));
    const ratio = Math.min(2, devicePixelRatio || 1);
    const view = this.view;
    this.keep(layout, view, ratio);
    fit(canvas, layout, ratio);
    const ctx = canvas.getContext("2d");
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    ctx.drawImage(this.frame, 0, 0);
    const x = Math.max(layout.left, Math.min(width, draw.xOf(layout, view, this.time)));
    const seen = Math.round(x * ratio);
    if (seen < canvas.width) {
      ctx.globalAlpha = faint;
      ctx.drawImage(this.bars, seen, 0, canvas.width - seen, canvas.height, seen, 0, canvas.width - seen, canvas.height);
      ctx.globalAlpha = 1;
    }
    if (seen > 0) ctx.drawImage(this.bars, 0, 0, seen, canvas.height, 0, 0, seen, canvas.height);
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.time >= view.from && this.time < this.length) draw.drawHead(ctx, layout, x);
  }

  // keep draws what is kept, if it is not what the picture needs.
  keep(layout, view, ratio) {
    const key = [layout.width, ratio, this.recording.rows.length, view.from, view.to, this.recording.revision].join();
    if (this.of === this.recording && this.drawn === key) return;
    this.of = this.recording;
    this.drawn = key;
    for (const [canvas, paint] of [[this.frame, draw.drawFrame], [this.bars, draw.drawBars]]) {
      fit(canvas, layout, ratio);
      const ctx = canvas.getContext("2d");
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
      paint(ctx, layout, view, this.recording.rows, this.length, Boolean(this.recording.report));
      if (canvas === this.bars) draw.drawCrashes(ctx, layout, view, this.recording.crashes);
    }
  }

  // point shows what is at a place of the canvas, or nothing.
  point(x, y) {
    const text = this.layout && x !== undefined ? this.at(x, y) : "";
    this.tip.hidden = !text;
    if (!text) return;
    this.tip.textContent = text;
    const left = Math.min(x + 14, this.layout.width - this.tip.offsetWidth - 4);
    const above = y + 20 + this.tip.offsetHeight > this.layout.height;
    this.tip.style.left = `${Math.max(0, left)}px`;
    this.tip.style.top = `${above ? y - this.tip.offsetHeight - 10 : y + 18}px`;
  }

  at(x, y) {
    const row = this.recording.rows[draw.rowAt(this.layout, y)];
    if (!row || x < this.layout.left) return "";
    const time = draw.timeAt(this.layout, this.view, x);
    return describe(this.recording, row, time, (this.view.to - this.view.from) / this.layout.width);
  }
}

function fit(canvas, layout, ratio) {
  const width = Math.round(layout.width * ratio), height = Math.round(layout.height * ratio);
  if (canvas.width === width && canvas.height === height) return;
  canvas.width = width;
  canvas.height = height;
  if (canvas.isConnected) {
    canvas.style.width = `${layout.width}px`;
    canvas.style.height = `${layout.height}px`;
  }
}

import { ofName, ofReading, onTheme } from "./colours.js";

// Board is a picture of one moment: a cell an endpoint, in the colour of the reading that
// holds it, with a rim while somebody waits for it.
export class Board {
  constructor(canvas, rows = 50) {
    this.canvas = canvas;
    this.recording = null;
    this.cells = rows;
    this.time = 0;
    new ResizeObserver(() => this.render()).observe(canvas.parentElement);
    onTheme(() => this.render());
  }

  show(recording) {
    this.recording = recording;
    this.seek(0);
  }

  seek(time) {
    this.time = time;
    this.render();
  }

  render() {
    const { canvas, recording } = this;
    const width = Math.floor(canvas.parentElement.clientWidth);
    if (!width) return;
    const rows = recording?.rows ?? [];
    const cells = rows.length || this.cells;
    const across = Math.max(10, Math.ceil(Math.sqrt(cells * 2)));
    const pitch = width / across, height = Math.ceil(Math.ceil(cells / across) * pitch);
    const ratio = Math.min(2, devicePixelRatio || 1);
    size(canvas, width, height, ratio);
    const ctx = canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    const gap = Math.max(1, pitch * 0.12), side = pitch - gap, round = Math.min(5, side * 0.22);
    const done = recording?.report && this.time >= recording.end;
    for (let i = 0; i < cells; i++) {
      const x = (i % across) * pitch + gap / 2, y = Math.floor(i / across) * pitch + gap / 2;
      ctx.beginPath();
      ctx.roundRect(x, y, side, side, round);
      ctx.fillStyle = this.colour(rows[i], done);
      ctx.fill();
      if (!done && rows[i]?.isWaitedFor(this.time)) rim(ctx, x, y, side, round);
    }
  }

  colour(row, done) {
    const hold = row ? row.holdAt(this.time) : -1;
    if (hold >= 0 && (!done || row.end.values[hold] === Infinity)) return ofReading(row.reading.values[hold]);
    return row?.foreignAt(this.time) ? ofName("foreign") : ofName("cell");
  }
}

function rim(ctx, x, y, side, round) {
  ctx.beginPath();
  ctx.roundRect(x + 1, y + 1, side - 2, side - 2, Math.max(0, round - 1));
  ctx.lineWidth = 2;
  ctx.strokeStyle = ofName("wait");
  ctx.stroke();
}

function size(canvas, width, height, ratio) {
  if (canvas.width === Math.round(width * ratio) && canvas.height === Math.round(height * ratio)) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
}

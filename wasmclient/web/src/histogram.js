import uPlot from "uplot";
import { ofName, onTheme } from "./colours.js";
import { bins, widthOf } from "./bins.js";

// Queries are counted in whole numbers.
const whole = Array.from({ length: 24 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));

// Histogram shows how long queries took, as they are answered.
export class Histogram {
  constructor(box) {
    this.box = box;
    this.recording = null;
    this.time = 0;
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(box);
    onTheme(() => this.recording && this.show(this.recording));
  }

  show(recording) {
    this.recording = recording;
    this.plot?.destroy();
    this.plot = null;
    this.seek(this.time);
  }

  size() {
    return { width: Math.max(200, Math.floor(this.box.clientWidth)), height: 230 };
  }

  // seek counts again, but no oftener than eyes can follow.
  seek(time) {
    this.time = time;
    if (!this.recording) return;
    const now = performance.now();
    clearTimeout(this.later);
    if (this.plot && now - this.last < 60) {
      this.later = setTimeout(() => this.seek(this.time), 60);
      return;
    }
    this.last = now;
    const width = widthOf(this.recording);
    const counted = bins(this.recording, time, width);
    const x = counted.map((_, i) => ((i + 0.5) * width) / 1000);
    this.plot ??= this.make();
    this.most = Math.max(...bins(this.recording, Infinity, width));
    this.plot.setData([x, counted], false);
    this.plot.setScale("x", { min: 0, max: (counted.length * width) / 1000 });
    this.plot.setScale("y", { min: 0, max: Math.max(1, this.most * 1.08) });
  }

  make() {
    const axis = { stroke: ofName("quiet"), grid: { stroke: ofName("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
    return new uPlot({
      ...this.size(),
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, auto: false }, y: { auto: false } },
      axes: [{ ...axis, values: (_, ticks) => ticks.map((tick) => `${tick} s`), size: 30 }, { ...axis, size: 44, incrs: whole }],
      series: [{}, { fill: ofName("accent"), width: 0, paths: uPlot.paths.bars({ size: [0.88, Infinity], radius: 0.12 }), points: { show: false } }],
    }, [[], []], this.box);
  }
}

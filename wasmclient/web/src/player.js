import { time as written } from "./format.js";

// Player is the clock of a replay: the slider, the speed, play and pause. The longest of
// the recordings sets its length, ms.
export class Player {
  constructor(box, onTime) {
    this.onTime = onTime;
    this.button = box.querySelector("#play");
    this.slider = box.querySelector("#time");
    this.clock = box.querySelector("#clock");
    this.speed = box.querySelector("#speed");
    this.time = 0;
    this.length = 1;
    this.bend = 1;
    this.playing = false;
    this.last = 0;
    this.button.addEventListener("click", () => (this.playing ? this.pause() : this.play()));
    this.slider.addEventListener("input", () => {
      this.pause();
      this.set(this.length * (this.slider.value / this.slider.max) ** this.bend);
    });
  }

  // load takes runs that end at those times. When they differ much, the slider gives the
  // short ones the room that they need.
  load(ends) {
    this.playing = false;
    this.label();
    this.length = Math.max(1, ...ends);
    const least = Math.max(1, Math.min(...ends)) / this.length;
    this.bend = Math.max(1, Math.log(least) / Math.log(0.3));
    const several = ends.length > 1;
    this.speed.querySelector("[value=rising]").hidden = !several;
    this.speed.value = several ? "rising" : nearest(this.length / 8000, this.speed);
  }

  play() {
    if (this.time >= this.length) this.set(0);
    this.playing = true;
    this.label();
    this.last = performance.now();
    requestAnimationFrame((now) => this.frame(now));
  }

  pause() {
    this.playing = false;
    this.label();
    this.onTime(this.time, false);
  }

  label() {
    this.button.textContent = this.playing ? "Pause" : "Play";
    this.button.dataset.state = this.playing ? "playing" : "paused";
  }

  frame(now) {
    if (!this.playing) return;
    const passed = Math.min(100, Math.max(0, now - this.last)); // a hidden tab does not skip ahead
    this.last = now;
    this.set(Math.min(this.length, this.time + passed * this.rate()));
    if (this.time >= this.length) this.pause();
    else requestAnimationFrame((next) => this.frame(next));
  }

  // rate is how many ms of the run pass in one ms. Rising, it starts slow enough to see
  // the first locks, and later takes a second for each half more of what has passed.
  rate() {
    if (this.speed.value !== "rising") return Number(this.speed.value);
    return Math.max(0.2, this.time / 2500);
  }

  set(time) {
    this.time = time;
    this.slider.value = Math.round(this.slider.max * (time / this.length) ** (1 / this.bend));
    if (!this.playing) this.slider.setAttribute("aria-valuetext", `${written(time)} of ${written(this.length)}`);
    this.clock.textContent = written(time);
    this.onTime(time, this.playing);
  }
}

// nearest returns the choice that is nearest to a speed, by ratio.
function nearest(wanted, select) {
  const choices = [...select.options].map((option) => option.value).filter((value) => value !== "rising");
  const far = (value) => Math.abs(Math.log(value / wanted));
  return choices.reduce((best, value) => (far(value) < far(best) ? value : best));
}

import { $ } from "./dom.js";
import { count, plural } from "./format.js";
import { command } from "./state.js";

// where says what a run means for others.
function where({ where, strategy }) {
  if (where === "simulator") return "Simulated in this page; nothing is sent anywhere.";
  return strategy === "ladder" ? "Asked for real, one strategy after the other: the slow ones take minutes." :
    "Asked for real: this page takes locks there. A browser makes few calls to a server at a time, so it is slower than the command line.";
}

// Status is what the page says about the run: the buttons, the progress bar, a sentence.
export class Status {
  constructor() {
    this.running = false;
    this.follow = false; // whether the focus goes to the button that comes next
    this.done = 0;
    this.total = 0;
  }

  // describe says what the button would do.
  describe(state) {
    const ladder = state.strategy === "ladder";
    $("run-label").textContent = ladder ? "Race the four strategies" : `Run ${state.strategy}`;
    const crowd = state.where === "simulator" && state.clients > 1 ? `${count(state.clients)} clients, each with ` : "";
    const pace = state.rate > 0 ? `, ${count(state.rate)} a second` : ` by ${plural(state.workers, "worker")}`;
    const who = `${plural(state.queries, "query", "queries")}${pace}`;
    $("plan").textContent = `${crowd}${who}. ${where(state)}`;
    $("command").textContent = command(state);
  }

  run(state) {
    this.running = true;
    this.stopped = this.follow = false;
    this.live = state.where === "url";
    this.done = this.total = 0;
    this.buttons();
    $("progress").hidden = false;
    $("status").ariaBusy = "true"; // no screen reader is to read every step out
    $("progress").removeAttribute("value");
    this.say(state.where === "url" ? `Asking ${state.url}…` : "Simulating…");
  }

  progress(done, total) {
    if (this.stopped) return; // what is counted now are the queries that were given up
    Object.assign(this, { done, total });
    $("progress").max = total;
    $("progress").value = done;
    this.say(`${count(done)} of ${count(total)} queries`);
  }

  stopping() {
    this.stopped = true;
    this.follow = document.activeElement === $("stop"); // a button that is disabled loses the focus
    $("stop").disabled = true;
    this.say(this.live ? "Stopping: freeing what is locked…" : "Stopping…");
  }

  finish(reports, stopped) {
    this.end();
    const left = [...new Set(reports.flatMap((report) => [...(report.possibly_locked ?? []), ...(report.locks_left ?? [])]))];
    const after = left.length ? `possibly left locked: ${left.join(", ")}` : "nothing is left locked";
    const failed = reports.reduce((sum, report) => sum + report.failed, 0);
    if (stopped) this.say(`Stopped after ${count(this.done)} of ${count(this.total)} queries${this.live ? `; ${after}` : ""}.`);
    else if (failed) this.say(`Done: ${count(failed)} failed, the first: ${reports.find((report) => report.failed).first_error}`, true);
    else this.say(left.length ? `Done: every query was answered; ${after}.` : "Done: every query was answered.");
  }

  fail(error, state) {
    this.end();
    if (error.code === "ABORTED") return this.say("Stopped before it began; nothing is locked.");
    if (error.code !== "FAILED" || state.where === "simulator") return this.say(error.message, true);
    this.say(`No run at ${state.url}: ${error.message}. Is a server there, and does it let pages of other origins call it (CORS)?`, true);
  }

  end() {
    this.running = false;
    $("status").ariaBusy = "false";
    $("progress").hidden = true;
    this.buttons();
  }

  // buttons shows the one that can be pressed. Who has just pressed the other goes on here.
  buttons() {
    const [from, to] = this.running ? [$("run"), $("stop")] : [$("stop"), $("run")];
    const follow = document.activeElement === from || (this.follow && document.activeElement === document.body);
    this.follow = false;
    to.hidden = to.disabled = false;
    if (follow) to.focus({ preventScroll: true });
    $("run").disabled = this.running;
    $("stop").hidden = !this.running;
  }

  say(text, bad = false) {
    $("status").textContent = text;
    $("status").classList.toggle("bad", bad);
  }
}

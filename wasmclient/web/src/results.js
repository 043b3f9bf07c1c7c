import { $, element } from "./dom.js";
import { compare } from "./compare.js";
import { count, time as written } from "./format.js";
import { fillLatencyTable, fillTimelineTable } from "./tables.js";
import { Timeline } from "./timeline.js";
import { strategies } from "./strategies.js";

// Results is all that is shown of runs, while they grow, in replay, and after.
export class Results {
  constructor(race, player) {
    this.race = race;
    this.player = player;
    this.timeline = new Timeline($("timeline"));
    this.recordings = [];
    this.chosen = null;
    $("zoom-in").addEventListener("click", () => this.timeline.zoomBy(2));
    $("zoom-out").addEventListener("click", () => this.timeline.zoomBy(0.5));
    $("zoom-all").addEventListener("click", () => this.timeline.reset());
    for (const id of ["timeline-table", "latency-table"]) $(id).addEventListener("toggle", () => this.fillTables());
    $("which").addEventListener("change", (event) => this.choose(event.target.value));
    $("downloads").addEventListener("click", (event) => this.download(event.target.closest("button")?.dataset.file));
  }

  clear(state) {
    this.player.pause();
    this.live = state.where === "url";
    this.stale = true; // what is shown is of the run before, until there is something of this one
    $("after").hidden = true;
  }

  // begin shows a run that begins. What is simulated is over before one could look.
  begin(recording) {
    if (!this.live) return;
    this.recordings = [recording, ...(this.stale ? [] : this.recordings)];
    this.stale = false;
    this.reveal();
    this.race.show(this.recordings);
    this.choices();
    this.choose(recording.strategy);
    this.loadHistogram().then(() => this.histogram?.show(this.chosen));
  }

  grow(recording) {
    if (!this.live || this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0;
      if (!recording.report) this.seek(recording.end, false);
    });
  }

  async finish(recordings, stopped) {
    cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    this.recordings = recordings;
    this.reveal();
    await this.loadHistogram();
    this.race.show(recordings);
    this.player.load(recordings.map((recording) => recording.end));
    this.choices();
    this.choose(recordings[recordings.length - 1].strategy);
    compare(recordings, stopped);
    $("downloads").querySelector("[data-file=queries]").disabled = recordings.some((recording) => recording.cut); // the notes say why
    $("after").hidden = false;
  }

  giveUp() {
    this.recordings = [];
    this.chosen = null;
    $("seen").hidden = true;
    this.race.show([]);
  }

  reveal() {
    $("seen").hidden = false;
    $("replay").hidden = this.live && !this.recordings[0]?.report;
    this.timeline.render();
  }

  // The histogram's library is not needed before there is something to show. Where it
  // can't be loaded all else is shown without it. Some browsers ask for it again at the next run.
  loadHistogram() {
    this.loading ??= import("./histogram.js")
      .then(({ Histogram }) => { this.histogram = new Histogram($("latency")); })
      .catch(() => { this.loading = undefined; });
    return this.loading;
  }

  choices() {
    const box = $("which");
    box.hidden = this.recordings.length < 2;
    box.querySelectorAll("label").forEach((label) => label.remove());
    for (const { name } of strategies) {
      if (!this.recordings.some((recording) => recording.strategy === name)) continue;
      box.append(element("label", {}, element("input", { type: "radio", name: "which", value: name }), element("span", {}, name)));
    }
  }

  choose(name) {
    const recording = this.recordings.find((one) => one.strategy === name);
    if (!recording) return;
    this.chosen = recording;
    this.race.choose(this.recordings.length > 1 ? name : "");
    const radio = $("which").querySelector(`[value=${name}]`);
    if (radio) radio.checked = true;
    for (const heading of document.querySelectorAll("[data-chosen-name]")) heading.textContent = name;
    $("seen-text").textContent = strategies.find((strategy) => strategy.name === name).seen;
    this.timeline.show(recording);
    this.histogram?.show(recording);
    this.seek(this.player.time, false);
    this.fillTables();
  }

  // seek shows everything as it was at that time.
  seek(time, playing) {
    if (!this.chosen) return;
    const counted = new Map(this.recordings.map((recording) => [recording, recording.count(time)]));
    this.race.seek(time, counted);
    this.timeline.seek(time, playing);
    this.histogram?.seek(time);
    const at = counted.get(this.chosen);
    for (const name of ["waiting", "reading", "answered", "calls", "held"]) $(`n-${name}`).textContent = count(at[name]);
    if (playing) return;
    const locked = `${count(at.held)} of ${count(this.chosen.rows.length)} endpoints locked`;
    $("timeline-canvas").setAttribute("aria-label", `The timeline of ${this.chosen.strategy} at ${written(time)}: ${locked}, ${count(at.answered)} queries answered.`);
  }

  fillTables() {
    if (!this.chosen) return;
    if ($("timeline-table").open) fillTimelineTable(this.chosen);
    if ($("latency-table").open) fillLatencyTable(this.chosen);
  }

  async download(file) {
    if (!file) return;
    if (file === "link") return copy($("copied"));
    const { asJSON, picture, queriesCSV, save, tableCSV } = await import("./download.js");
    const { strategy, total, options } = this.chosen;
    if (file === "png") save(`lockstep-${strategy}.png`, await picture(this.timeline, `Lockstep: ${strategy}, ${count(total)} queries, seed ${options.seed}`));
    if (file === "table") save("lockstep.csv", tableCSV(this.recordings), "text/csv");
    if (file === "queries") save("lockstep-queries.csv", queriesCSV(this.recordings), "text/csv");
    if (file === "json") save("lockstep.json", asJSON(this.recordings), "application/json");
  }
}

// copy puts a link to this run on the clipboard.
async function copy(answer) {
  const link = new URL(location.href);
  link.searchParams.set("run", "");
  try {
    await navigator.clipboard.writeText(link.href);
    answer.textContent = "The link is on the clipboard.";
  } catch {
    answer.textContent = link.href; // a page that is not served securely has no clipboard
  }
}

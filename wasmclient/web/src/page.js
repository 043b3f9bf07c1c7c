// The page: what is chosen is run by the worker, recorded, and replayed.
import { $ } from "./dom.js";
import { Form } from "./form.js";
import { freeOnLeave } from "./leave.js";
import { Player } from "./player.js";
import { Race } from "./race.js";
import { Runner } from "./runner.js";
import { Results } from "./results.js";
import { options } from "./state.js";
import { Status } from "./status.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const status = new Status();
const race = new Race($("race"), (name) => results.choose(name));
const player = new Player($("replay"), (time, playing) => results.seek(time, playing));
const results = new Results(race, player);
const runner = new Runner({
  onBegin: (recording) => results.begin(recording),
  onGrow: (recording) => results.grow(recording),
  onProgress: (done, total) => status.progress(done, total),
});
const form = new Form($("form"), (state) => status.describe(state));

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
$("stop").addEventListener("click", () => {
  status.stopping();
  runner.stop();
});

async function start() {
  if (status.running) return;
  const state = form.state;
  status.run(state);
  results.clear(state);
  try {
    await runner.run(options(state));
    const reports = await show(runner.stopped);
    status.finish(reports, runner.stopped);
    if (runner.stopped || calm.matches) player.set(player.length);
    else watchIt(state);
  } catch (error) {
    const reports = await show(true).catch(() => []); // what can't be shown may be the error itself
    if (reports.length) player.set(player.length);
    status.fail(error, state);
    if (error.field) form.complain(error.field, error.message);
  } finally {
    if (status.running) status.end(); // whatever went wrong, the button works again
  }
}

// show shows the runs that ended, the ladder from its first step, and returns their reports.
async function show(early) {
  const ended = runner.recordings.filter((recording) => recording.report).reverse();
  if (ended.length) await results.finish(ended, early);
  else results.giveUp();
  return ended.map((recording) => recording.report);
}

// watchIt plays what was simulated. What was live has been watched already.
function watchIt({ where }) {
  if (where === "url") {
    player.set(player.length);
    return;
  }
  player.set(0);
  player.play();
  $("replay").scrollIntoView({ behavior: "smooth", block: "nearest" });
}

freeOnLeave(() => {
  const { recording, others } = runner.current ?? {};
  const url = recording?.options.url;
  if (!url) return { endpoints: [] };
  return { url, name: others?.name, endpoints: recording.rows.filter((row) => row.surelyHeld).map((row) => row.name) };
}, () => {
  if (status.running) runner.crash("the run ended when the page was left");
});

// `make run` says where its services are; another host's file says nothing.
fetch("config.json")
  .then((answer) => (answer.ok ? answer.json() : {}))
  .then(({ locks }) => locks && form.suggest(locks))
  .catch(() => {});

// A link to a run starts it, but never one that asks a server: a link must not lock what
// belongs to others.
if (new URLSearchParams(location.search).has("run") && form.state.where === "simulator") start();

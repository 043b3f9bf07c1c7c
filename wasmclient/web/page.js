// The page: a form, a run in a worker, and its report as a table.
const $ = (id) => document.getElementById(id);
const form = $("form");
const numbers = ["queries", "workers", "maxResources", "seed"];

let worker;
let total = 0;
let done = 0;
let stopping = false;

// `make run` says where its services are; a page from any other server has no such file.
fetch("config.json")
  .then((answer) => (answer.ok ? answer.json() : {}))
  .then(({ locks }) => { if (locks) form.elements.url.value = locks; })
  .catch(() => {});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const options = Object.fromEntries(new FormData(form));
  for (const name of numbers) options[name] = Number(options[name]);
  start(options);
});

$("stop").addEventListener("click", () => {
  stopping = true;
  worker.postMessage({ type: "stop" });
  say("Stopping: freeing what is locked…");
});

// A page that goes away in the middle of a run leaves its locks behind: old servers
// know no owner who could be missed.
addEventListener("beforeunload", (event) => {
  if (!$("stop").disabled) event.preventDefault();
});

function start(options) {
  if (!worker) {
    worker = new Worker("worker.js");
    worker.onmessage = ({ data }) => receive(data);
    worker.onerror = (event) => crash(event.message);
  }
  total = options.queries;
  done = 0;
  stopping = false;
  $("result").hidden = true;
  running(true);
  $("progress").max = total;
  $("progress").value = 0;
  say("Looking for the server…");
  worker.postMessage({ type: "run", options });
}

function receive(message) {
  switch (message.type) {
    case "progress": return show(message.done);
    case "report": return finish(message.report);
    case "error": return fail(message.message);
  }
}

function running(yes) {
  $("run").disabled = yes;
  $("stop").disabled = !yes;
}

function show(count) {
  if (stopping) return; // what is counted now are the queries that were given up
  done = count;
  $("progress").value = done;
  say(`${done} of ${total} queries`);
}

function say(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
}

function fail(text) {
  running(false);
  say(text, true);
}

// After an error of its own the worker is of no more use; the next run starts another.
function crash(text) {
  worker.terminate();
  worker = undefined;
  fail(text);
}

function verdict(report) {
  const left = report.possibly_locked;
  if (stopping) return `Stopped after ${done} of ${total} queries; ${left.length ? `possibly left locked: ${left.join(", ")}` : "nothing is left locked"}.`;
  if (report.failed) return `Done: ${report.failed} failed, the first: ${report.first_error}`;
  return "Done: every query was answered.";
}

function finish(report) {
  running(false);
  say(verdict(report), !stopping && report.failed > 0);
  $("rows").replaceChildren(...rows(report).map(([name, value]) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    const cell = document.createElement("td");
    cell.textContent = value;
    row.append(head, cell);
    return row;
  }));
  $("result").hidden = false;
}

function rows(report) {
  const seconds = (value) => (value === undefined ? "–" : `${value.toFixed(3)} s`);
  const latency = report.latency_s ?? {};
  return [
    ["Strategy", report.strategy],
    ["Queries", report.queries],
    ["Failed", report.failed],
    ["Makespan, from the first query to the last answer", seconds(report.makespan_s)],
    ["Latency, least", seconds(latency.min)],
    ["Latency, mean", seconds(latency.mean)],
    ["Latency, half are below", seconds(latency.p50)],
    ["Latency, 99 % are below", seconds(latency.p99)],
    ["Latency, most", seconds(latency.max)],
    ["HTTP calls a query", report.calls_per_query.toFixed(2)],
    ["Locks a query", report.locks_per_query.toFixed(2)],
    ...(report.possibly_locked.length ? [["Possibly left locked", report.possibly_locked.join(", ")]] : []),
  ];
}

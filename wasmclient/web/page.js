// The page: a form, a run in a worker, and its report as a table.
const $ = (id) => document.getElementById(id);
const form = $("form");
const numbers = ["queries", "workers", "maxResources", "seed"];

let worker;
let total = 0;

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
  worker.postMessage({ type: "stop" });
  say("Stopping: freeing what is locked…");
});

function start(options) {
  if (!worker) {
    worker = new Worker("worker.js");
    worker.onmessage = ({ data }) => receive(data);
    worker.onerror = (event) => fail(event.message);
  }
  total = options.queries;
  $("result").hidden = true;
  running(true);
  show(0);
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

function show(done) {
  $("progress").max = total;
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

function finish(report) {
  running(false);
  say(report.failed ? `Done: ${report.failed} failed, the first: ${report.first_error}` : "Done: every query was answered.", report.failed > 0);
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

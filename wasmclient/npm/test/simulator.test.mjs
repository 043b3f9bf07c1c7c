// simulate without a url: the simulated world.
import assert from "node:assert/strict";
import { test } from "node:test";
import { entry } from "./package.mjs";

const { simulate, query, load, kinds } = await entry("index.js");
const strategies = ["serial", "baseline", "cover", "group"];

// recorder joins the batches of a run into one.
function recorder() {
  const columns = ["at", "kind", "client", "reading", "endpoint", "query", "resource"];
  const all = { n: 0, batches: 0, endpoints: [], ...Object.fromEntries(columns.map((name) => [name, []])) };
  return { all, onEvents(batch) {
    all.batches++;
    all.n += batch.n;
    all.endpoints = batch.endpoints ?? all.endpoints;
    for (const name of columns) {
      assert.equal(batch[name].length, batch.n, name);
      all[name].push(...batch[name]);
    }
  } };
}

test("the report has what the types say", async () => {
  const report = await simulate();
  const latency = ["min", "mean", "p50", "p99", "max"];
  assert.deepEqual(Object.keys(report), ["strategy", "queries", "failed", "makespan_s", "latency_s", "calls_per_query", "locks_per_query",
    "possibly_locked", "seed", "clients", "bad_reads", "locks_left", "events", "hash"]);
  assert.deepEqual(Object.keys(report.latency_s), latency);
  const { strategy, queries, failed, possibly_locked, seed, clients, bad_reads, locks_left } = report;
  assert.deepEqual({ strategy, queries, failed, possibly_locked, seed, clients, bad_reads, locks_left },
    { strategy: "group", queries: 1000, failed: 0, possibly_locked: [], seed: 1, clients: 1, bad_reads: 0, locks_left: [] });
  assert.match(report.hash, /^[0-9a-f]{16}$/);
  for (const name of latency) assert.equal(report.latency_s[name] <= report.makespan_s, true, name);
});

test("a report without answers", async () => {
  const report = await simulate({ queries: 5, unknown: 1 });
  assert.equal(report.failed, 5);
  assert.equal(report.latency_s, null);
  assert.match(report.first_error, /no endpoint serves the resource/);
});

test("a seed gives the same run again, also beside others", async () => {
  const options = (seed) => ({ seed, queries: 100, workers: 20, clients: 1 + (seed % 3), strategy: strategies[seed % 4], errorRate: 0.02, dropRate: 0.02, timeoutMs: 5000, server: seed % 5 ? "old" : "ours" });
  const seeds = Array.from({ length: 20 }, (_, i) => i);
  const once = await Promise.all(seeds.map((seed) => simulate(options(seed))));
  for (const seed of seeds) assert.deepEqual(await simulate(options(seed)), once[seed]);
  assert.equal(new Set(once.map((report) => report.hash)).size, seeds.length, "the seed makes a difference");
});

for (const strategy of strategies) {
  test(`the events of ${strategy} tell the run`, async () => {
    const { all, onEvents } = recorder();
    const options = { strategy, queries: 50, workers: 10, clients: 2 };
    const report = await simulate(options, { onEvents });
    assert.deepEqual(report, await simulate(options), "to listen changes nothing");
    assert.equal(all.n, report.events);
    const count = (kind) => all.kind.filter((k) => kinds[k] === kind).length;
    assert.equal(count("ask"), count("answer") + count("fail"));
    assert.equal(new Set(all.query.filter((q) => q >= 0)).size, count("ask"));
    assert.equal(count("locked"), Math.round(report.locks_per_query * report.queries));
    assert.equal(count("unlocked"), count("locked"));
    assert.deepEqual(new Set(all.client), new Set([0, 1]));
    assert.equal(Math.abs(all.at.at(-1) - 1000 * report.makespan_s) < 1e-6, true);
    requireOrder(all);
  });
}

// requireOrder holds that time never goes back, and that an endpoint is held by one reading
// at a time, which frees it.
function requireOrder({ n, at, kind, endpoint, reading, endpoints }) {
  const holders = new Map();
  for (let i = 0; i < n; i++) {
    assert.equal(i === 0 || at[i] >= at[i - 1], true, `event ${i}`);
    const name = kinds[kind[i]];
    if (name === "locked") {
      assert.ok(endpoints[endpoint[i]]);
      assert.equal(holders.has(endpoint[i]), false);
      holders.set(endpoint[i], reading[i]);
    } else if (name === "unlocked") {
      assert.equal(holders.get(endpoint[i]), reading[i]);
      holders.delete(endpoint[i]);
    }
  }
  assert.equal(holders.size, 0);
}

test("onProgress counts up to the total", async () => {
  const seen = [];
  await simulate({ strategy: "serial", queries: 1000, clients: 2, workers: 10 }, { onProgress: (done, total) => seen.push([done, total]) });
  assert.deepEqual(seen.at(-1), [2000, 2000]);
  seen.forEach(([done, total], i) => assert.equal(total === 2000 && (i === 0 || done > seen[i - 1][0]), true));
});

test("what a callback throws ends the run and rejects it", async () => {
  for (const name of ["onProgress", "onEvents"]) {
    for (const thrown of [new RangeError("mine"), "text", undefined, null, 0]) {
      let calls = 0;
      const handlers = { [name]: () => { calls++; throw thrown; } };
      await assert.rejects(simulate({ queries: 1000, strategy: "serial" }, handlers), (e) => Object.is(e, thrown));
      assert.equal(calls, 1, "it is not called again");
    }
  }
  const getter = { get queries() { throw new RangeError("mine"); } };
  await assert.rejects(simulate(getter), RangeError);
  await assert.rejects(query("http://127.0.0.1:9", new Proxy([1], { get() { throw new RangeError("mine"); } })), RangeError);
  assert.equal((await simulate({ queries: 1 })).failed, 0, "the module is as good as before");
});

test("an abort in the middle settles with the report so far", async () => {
  for (const strategy of strategies) {
    const controller = new AbortController();
    let done = 0;
    const handlers = { signal: controller.signal, onProgress(now) {
      assert.equal(now > done, true, "it only grows");
      if ((done = now) > 100) controller.abort();
    } };
    const report = await simulate({ strategy, queries: 100_000 }, handlers);
    assert.equal(report.queries, 100_000);
    assert.equal(report.failed, report.queries - done, strategy);
    assert.match(report.first_error, /abort|stop/);
  }
});

test("timers have their turn in the middle", async () => {
  await load();
  let ticks = 0;
  let pieces = 0;
  const timer = setInterval(() => ticks++, 0);
  await simulate({ strategy: "serial", queries: 2000 }, { onProgress: () => pieces++ });
  clearInterval(timer);
  assert.equal(pieces > 10 && ticks > pieces / 4, true, `${ticks} turns in ${pieces} pieces`);
});

test("an abort before the run rejects", async () => {
  await assert.rejects(simulate({}, { signal: AbortSignal.abort() }), { code: "ABORTED", name: "AbortError" });
  await assert.rejects(query("http://127.0.0.1:9", [1], { signal: AbortSignal.abort() }), { code: "ABORTED", name: "AbortError" });
});

test("load says the version", async () => {
  assert.match((await load()).version, /./);
});

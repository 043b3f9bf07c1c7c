// simulate and query against a server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { entry } from "./package.mjs";
import { serve, stats, without } from "./server.mjs";

const { simulate, query, kinds } = await entry("index.js");
const dead = "http://127.0.0.1:1023"; // a port that nobody listens on, and that fetch does not refuse to try

test("query reads states", { skip: without }, async (t) => {
  const url = await serve(t);
  assert.deepEqual(await query(url, [3, 4, 3]), { 3: "state of 3", 4: "state of 4" });
  assert.deepEqual(await query(url, []), {});
  assert.deepEqual(await query(`${url}/`, [5], {}), { 5: "state of 5" });
  await assert.rejects(query(url, [3, 999_999]), { code: "FAILED", message: /no endpoint serves the resource 999999/ });
  assert.deepEqual((await stats(url)).locks_left, []);
});

for (const strategy of ["serial", "baseline", "cover", "group"]) {
  test(`${strategy} against an old server`, { skip: without }, async (t) => {
    const url = await serve(t, "--read-time", "2ms", "--close");
    const events = [];
    const progress = [];
    const report = await simulate({ url, name: "!npm~", strategy, queries: 50, workers: 20 }, {
      onEvents: (batch) => events.push(batch), onProgress: (...args) => progress.push(args),
    });
    assert.equal(report.failed, 0, report.first_error);
    assert.deepEqual([report.strategy, report.queries, report.possibly_locked], [strategy, 50, []]);
    assert.deepEqual(progress.at(-1), [50, 50]);
    const count = (kind) => events.flatMap((batch) => [...batch.kind]).filter((k) => kinds[k] === kind).length;
    assert.equal(count("locked"), Math.round(report.locks_per_query * report.queries));
    assert.equal(count("unlocked"), count("locked"));
    assert.equal(events[0].endpoints.length > 0, true);
    const at = events.flatMap((batch) => [...batch.at]);
    assert.deepEqual(at, at.toSorted((a, b) => a - b), "in the order of time");
    const { locks_left, reads_without_lock, reads_under_foreign_lock } = await stats(url);
    assert.deepEqual([locks_left, reads_without_lock, reads_under_foreign_lock], [[], 0, 0]);
  });

  test(`an abort of ${strategy} frees what it holds`, { skip: without }, async (t) => {
    const url = await serve(t, "--read-time", "20ms");
    for (const after of ["registry", "lock", "locked", "read", "state", "unlock", "unlocked"]) {
      const controller = new AbortController();
      const report = await simulate({ url, strategy, queries: 10_000 }, {
        signal: controller.signal,
        onEvents: (batch) => { if ([...batch.kind].some((k) => kinds[k] === after)) controller.abort(); },
      });
      assert.equal(report.failed > 0, true, after);
      assert.match(report.first_error, /aborted/);
      assert.deepEqual([report.possibly_locked, (await stats(url)).locks_left], [[], []], after);
    }
  });
}

test("an abort of a query frees what it holds", { skip: without }, async (t) => {
  const url = await serve(t, "--read-time", "1h");
  const controller = new AbortController();
  const asked = query(url, [1, 2, 3], { signal: controller.signal });
  while (!(await stats(url)).calls["GET /{endpoint}/resource/{id}"] && (await stats(url)).locks_left.length === 0);
  controller.abort();
  await assert.rejects(asked, { code: "ABORTED", name: "AbortError" });
  assert.deepEqual((await stats(url)).locks_left, []);
});

test("what a callback throws ends the run, frees what it holds, and is all that is called", { skip: without }, async (t) => {
  const url = await serve(t, "--read-time", "2ms");
  for (const name of ["onProgress", "onEvents"]) {
    let calls = 0;
    const thrown = new RangeError("mine");
    await assert.rejects(simulate({ url, queries: 1000 }, { [name]: () => { calls++; throw thrown; } }), (e) => e === thrown);
    assert.equal(calls, 1);
    assert.deepEqual((await stats(url)).locks_left, []);
  }
});

test("a server that fails and loses answers", { skip: without }, async (t) => {
  const url = await serve(t, "--read-time", "2ms", "--error-rate", "0.05", "--drop-rate", "0.05");
  const report = await simulate({ url, alone: true, queries: 100, workers: 20 });
  assert.equal(report.failed, 0, report.first_error);
  assert.deepEqual([report.possibly_locked, (await stats(url)).locks_left], [[], []]);
});

test("several at once, with queries between", { skip: without }, async (t) => {
  const url = await serve(t, "--read-time", "2ms");
  const [a, b, simulated, states] = await Promise.all([
    simulate({ url, queries: 50 }), simulate({ url, queries: 50, strategy: "cover" }), simulate({ queries: 50 }), query(url, [1]),
  ]);
  assert.deepEqual([a.failed, b.failed, simulated.failed, states], [0, 0, 0, { 1: "state of 1" }]);
  assert.deepEqual((await stats(url)).locks_left, []);
});

test("a server that is not there", async () => {
  await assert.rejects(simulate({ url: dead }), { code: "FAILED", message: /can't be reached.*ECONNREFUSED/ });
  await assert.rejects(query(dead, [1]), { code: "FAILED", message: /can't be reached.*ECONNREFUSED/ });
});

test("what frees something outlives the page, and nothing else does", { skip: without }, async (t) => {
  const url = await serve(t, "--read-time", "2ms");
  const real = globalThis.fetch;
  const seen = new Map();
  t.after(() => { globalThis.fetch = real; });
  globalThis.fetch = (address, options) => {
    seen.set(`${options.method} ${String(address).replace(/.*\//, "")}`.replace(/\d+/, "id"), options.keepalive ?? false);
    return real(address, options);
  };
  await query(url, [1]);
  assert.deepEqual(Object.fromEntries(seen), { "GET health": false, "GET registry": false, "POST lock": false, "GET id": false, "DELETE lock": true });
});

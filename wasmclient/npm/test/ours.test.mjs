// simulate and query against a server of ours.
import assert from "node:assert/strict";
import { test } from "node:test";
import { entry } from "./package.mjs";
import { serveOurs, withoutOurs } from "./server.mjs";

const { simulate, query, kinds } = await entry("index.js");

const locked = async (url) => Object.entries(await (await fetch(`${url}/registry`)).json()).filter(([, endpoint]) => endpoint.locked).map(([name]) => name);

test("a server of ours", { skip: withoutOurs }, async (t) => {
  const url = await serveOurs(t);
  await t.test("answers a query", async () => {
    assert.deepEqual(Object.keys(await query(url, [3, 4, 3])), ["3", "4"]);
    assert.deepEqual(await locked(url), []);
  });
  for (const strategy of ["serial", "baseline", "cover", "group"]) {
    await t.test(strategy, async () => {
      const report = await simulate({ url, strategy, queries: 50, workers: 20 });
      assert.deepEqual([report.queries, report.failed, report.possibly_locked], [50, 0, []], report.first_error);
      assert.deepEqual(await locked(url), []);
    });
  }
  for (const strategy of ["cover", "group"]) {
    await t.test(`an abort of ${strategy} leaves no lock`, async () => {
      const controller = new AbortController();
      const report = await simulate({ url, strategy, queries: 10_000 }, {
        signal: controller.signal,
        onEvents: (batch) => { if ([...batch.kind].some((kind) => kinds[kind] === "answer")) controller.abort(); },
      });
      assert.equal(report.failed > 0, true);
      assert.deepEqual(report.possibly_locked, []);
      while ((await locked(url)).length > 0); // the server notices by itself that nobody waits for its reading
    });
  }
});

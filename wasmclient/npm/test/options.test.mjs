// Every argument is checked, and the error names it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { entry } from "./package.mjs";

const { simulate, query, configure } = await entry("index.js");

const url = "http://127.0.0.1:9"; // of nobody: no test here gets so far
const numbers = {
  queries: [0, 10_000_001, 1.5],
  workers: [0, 10_001, 0.5],
  clients: [0, 65, 2.5],
  maxResources: [-1, 1001, 0.1],
  seed: [-1, 2 ** 53, 0.5],
  rate: [-1, 1_000_001],
  unknown: [-0.1, 1.1],
  timeoutMs: [0, 86_400_001],
  readTimeMs: [-1, 3_600_001],
  latencyMs: [-1, 3_600_001],
  errorRate: [-0.1, 1.1],
  dropRate: [-0.1, 1.1],
  crash: [-0.1, 1.1],
};
const wrong = {
  ...Object.fromEntries(Object.entries(numbers).map(([name, values]) => [name, [...values, NaN, Infinity, "1", null, true, {}, [], 1n]])),
  url: ["", "localhost:8081", "ftp://x", "http://", "/registry", "http://x?y", "http://x#y", "http://a:b@x", 1, null, {}, Symbol("url")],
  strategy: ["", "Group", "x", 1, null],
  server: ["", "new", 1, null],
  name: [1, null, "Jörg", "two words", "line\nline", "\0", "\u007f", "\ud800"],
  alone: [1, "true", null],
};
const onlyLive = ["name"];
const onlySimulated = ["clients", "server", "readTimeMs", "latencyMs", "errorRate", "dropRate", "crash"];

for (const [name, values] of Object.entries(wrong)) {
  test(`${name} is checked`, async () => {
    for (const value of values) {
      const options = onlyLive.includes(name) ? { url, [name]: value } : { [name]: value };
      await assert.rejects(simulate(options), (e) => e instanceof Error && e.code === "INVALID" && e.field === name && e.message.includes(name), `${name}: ${String(value)}`);
    }
  });
}

test("an option that has no meaning there is refused", async () => {
  const valid = { clients: 2, server: "ours", readTimeMs: 1, latencyMs: 1, errorRate: 0, dropRate: 0, crash: 0 };
  for (const name of onlySimulated) {
    await assert.rejects(simulate({ url, [name]: valid[name] }), { code: "INVALID", field: name });
  }
  await assert.rejects(simulate({ name: "me" }), { code: "INVALID", field: "name" });
});

test("an option that there is not is refused", async () => {
  await assert.rejects(simulate({ quries: 1 }), { code: "INVALID", field: "quries" });
});

test("options that are no object", async () => {
  for (const options of [1, "x", true, [], () => {}]) {
    await assert.rejects(simulate(options), { code: "INVALID", field: "options" }, String(options));
  }
});

test("every option at its bounds is taken", async () => {
  const bounds = {
    workers: [1, 10_000], clients: [1, 64], maxResources: [0, 1000], seed: [0, 2 ** 53 - 1], rate: [0, 1_000_000], unknown: [0, 1],
    timeoutMs: [1, 86_400_000], readTimeMs: [0, 3_600_000], latencyMs: [0, 3_600_000], errorRate: [0], dropRate: [0], crash: [0, 1],
    strategy: ["serial", "baseline", "cover", "group"], server: ["old", "ours"], alone: [false, true], queries: [1, undefined],
  };
  for (const [name, values] of Object.entries(bounds)) {
    for (const value of values) {
      const report = await simulate({ queries: 5, [name]: value });
      assert.equal(report.queries > 0, true, `${name}: ${String(value)}`);
    }
  }
});

test("handlers are checked", async () => {
  for (const [field, values] of Object.entries({ onProgress: [1, {}, 1n], onEvents: ["x", {}], signal: [1, {}, "abort", 1n] })) {
    for (const value of values) {
      await assert.rejects(simulate({ queries: 1 }, { [field]: value }), { code: "INVALID", field }, `${field}: ${String(value)}`);
    }
  }
  await assert.rejects(simulate({ queries: 1 }, 1), { code: "INVALID", field: "handlers" });
});

test("query's arguments are checked", async () => {
  for (const value of wrong.url) {
    await assert.rejects(query(value, [1]), { code: "INVALID", field: "url" }, String(value));
  }
  for (const ids of [undefined, null, 1, "1", {}, [1.5], ["1"], [NaN], [2 ** 53], [null], [1n], [,]]) {
    await assert.rejects(query(url, ids), { code: "INVALID", field: "ids" }, String(ids));
  }
});

test("configure's argument is checked", () => {
  for (const options of [undefined, {}, { wasm: "" }]) assert.throws(() => configure(options), TypeError);
});

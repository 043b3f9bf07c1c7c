import assert from "node:assert/strict";
import { test } from "node:test";
import { command, defaults, format, options, parse } from "../src/state.js";

test("an address and a state are the same", () => {
  const state = { ...defaults, strategy: "cover", queries: 5, errorRate: 2.5, seed: 0 };
  assert.equal(format(state), "strategy=cover&queries=5&errorRate=2.5&seed=0");
  assert.deepEqual(parse(format(state)), state);
  assert.equal(format(defaults), "");
  const live = { ...defaults, where: "url", url: "http://a/?b=c&d", alone: true };
  assert.deepEqual(parse(format(live)), live);
});

test("what makes no sense is as by default", () => {
  assert.deepEqual(parse("?strategy=best&queries=x&seed=&where=here&alone=1&other=2&rate=Infinity"), defaults);
});

test("what has no effect is left out", () => {
  assert.equal(format({ ...defaults, where: "url", url: "http://a", clients: 9, crash: 50 }), "where=url&url=http%3A%2F%2Fa");
  assert.equal(format({ ...defaults, url: "http://a", alone: true }), "");
});

test("the ladder is four runs, shares are shares", () => {
  const all = options({ ...defaults, errorRate: 5, unknown: 10 });
  assert.deepEqual(all.map(({ strategy }) => strategy), ["group", "cover", "baseline", "serial"]);
  assert.deepEqual(all[0], {
    strategy: "group", queries: 1000, workers: 100, clients: 1, rate: 0, maxResources: 10, readTimeMs: 100, latencyMs: 1, server: "old",
    errorRate: 0.05, dropRate: 0, crash: 0, unknown: 0.1, seed: 1,
  });
});

test("a server gets only the options that it can have", () => {
  const [one] = options({ ...defaults, where: "url", url: "http://a", strategy: "group", clients: 4, crash: 1 });
  assert.deepEqual(one, { strategy: "group", url: "http://a", alone: false, queries: 1000, workers: 100, rate: 0, maxResources: 10, unknown: 0, seed: 1 });
});

test("the command line does the same", () => {
  assert.equal(command(defaults), "lockstep simulate --ladder");
  assert.equal(command({ ...defaults, strategy: "group", clients: 4, readTimeMs: 50, crash: 25, seed: 9 }), "lockstep simulate --seed 9 --clients 4 --read-time 50ms --crash 0.25");
  assert.equal(command({ ...defaults, where: "url", url: "http://a", strategy: "serial", alone: true, clients: 3 }), "lockstep simulate --url http://a --strategy serial --alone");
});

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Runner } from "../src/runner.js";
import { report } from "./events.js";

// The workers that were started, and what they were told.
let workers;

globalThis.Worker = class {
  constructor() {
    this.told = [];
    workers.push(this);
  }

  postMessage(message) {
    this.told.push(message);
  }

  terminate() {
    this.ended = true;
  }

  // tell is a message about the run that it was last given.
  tell(more) {
    const { id } = this.told.findLast(({ type }) => type === "run");
    this.onmessage({ data: { id, batches: [], others: [], ...more } });
  }
};

beforeEach(() => { workers = []; });

const hooks = (more) => ({ onBegin() {}, onGrow() {}, onProgress() {}, ...more });
const one = { strategy: "group", queries: 2 };

test("a worker that can't be loaded is not started again before the next run", async () => {
  const runner = new Runner(hooks());
  workers[0].onerror({});
  assert.deepEqual([workers.length, workers[0].ended], [1, true]);
  runner.stop(); // there is nothing to be stopped
  const first = runner.run([one]);
  assert.equal(workers.length, 2);
  workers[0].onerror({}); // late
  workers[1].onerror({ message: "boom" });
  await assert.rejects(first, { code: "PANIC", message: "boom" });
  assert.equal(workers.length, 2);
  const second = runner.run([one]);
  workers[2].tell({ report: report() });
  await second;
  assert.equal(runner.recordings[0].report.queries, 2);
});

test("what can't be taken in ends the run, which frees what it holds", async () => {
  const runner = new Runner(hooks({ onGrow() { throw new Error("boom"); } }));
  const run = runner.run([one]);
  workers[0].tell({ others: [{ event: "heartbeat" }] });
  await assert.rejects(run, /boom/);
  assert.equal(workers[0].told.at(-1).type, "stop");
  workers[0].tell({ others: [{ event: "heartbeat" }] }); // nobody waits for it any more
});

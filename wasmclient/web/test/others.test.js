import assert from "node:assert/strict";
import { test } from "node:test";
import * as kind from "../src/events.js";
import { Others } from "../src/others.js";
import { Recording } from "../src/recording.js";
import { batch } from "./events.js";

function watched(events = []) {
  const recording = new Recording("group", { queries: 1 });
  recording.append(batch(events, ["a", "b"]));
  return { recording, others: new Others(recording, "me") };
}

test("what others lock is theirs", () => {
  const { recording, others } = watched();
  others.add({ event: "lock", endpoints: ["a"], token: 1, at: 10 });
  others.add({ event: "grant", endpoints: ["a", "b", "unknown"], owner: "someone", token: 2, at: 20 });
  assert.equal(recording.rows[0].foreignAt(15).end, Infinity);
  others.add({ event: "unlock", endpoints: ["a"], token: 1, at: 18 });
  others.add({ event: "release", endpoints: ["a", "b"], owner: "someone", token: 2, at: 30 });
  assert.deepEqual(recording.rows.map((row) => row.foreign.map(({ start, end, owner }) => [start, end, owner])), [[[10, 18, undefined], [20, 30, "someone"]], [[20, 30, "someone"]]]);
  assert.equal(recording.rows[0].foreignAt(18), undefined);
});

test("our own lock of the old API is not told twice", () => {
  const { recording, others } = watched([[10, kind.LOCKED, 0, 0], [110, kind.UNLOCKED, 0, 0]]);
  others.add({ event: "lock", endpoints: ["a"], token: 1, at: 14 });
  others.add({ event: "unlock", endpoints: ["a"], token: 1, at: 113 });
  others.add({ event: "lock", endpoints: ["a"], token: 2, at: 115 });
  others.add({ event: "unlock", endpoints: ["a"], token: 2, at: 200 });
  assert.deepEqual(recording.rows[0].foreign.map(({ start }) => start), [115]);
});

test("our own lock of the old API is not theirs while it lasts", () => {
  const { recording, others } = watched([[10, kind.LOCKED, 0, 0]]);
  others.add({ event: "lock", endpoints: ["a"], token: 1, at: 9 });
  const [row] = recording.rows;
  assert.deepEqual([row.foreignAt(20), row.theirs()], [undefined, []]);
  row.unlock(0, 30);
  assert.equal(row.theirs().length, 1, "it outlasts our hold");
});

test("what a whole reading of ours locks is counted", () => {
  const { recording, others } = watched([[0, kind.TOGETHER, 0]]);
  others.add({ event: "grant", endpoints: ["a", "b"], owner: "me", token: 1, at: 5 });
  others.add({ event: "lock", endpoints: ["a"], token: 2, at: 6 });
  assert.deepEqual([recording.end, recording.count(recording.end).held], [6, 2]);
  others.add({ event: "release", endpoints: ["a", "b"], owner: "me", token: 1, at: 95 });
  recording.finish({ queries: 1, failed: 0, makespan_s: 0.09 });
  assert.deepEqual([recording.count(4).held, recording.count(50).held, recording.count(90).held], [0, 2, 0], "told late, and freed all the same");
});

test("our own whole reading is a hold of that reading", () => {
  const { recording, others } = watched([[0, kind.TOGETHER, 0], [100, kind.STATES, 0], [101, kind.TOGETHER, 1], [200, kind.STATES, 1]]);
  others.add({ event: "grant", endpoints: ["b"], owner: "me", token: 1, at: 110 });
  others.add({ event: "release", endpoints: ["b"], owner: "me", token: 1, at: 190 });
  const row = recording.rows[1];
  assert.deepEqual([row.start.values[0], row.end.values[0], row.reading.values[0], row.foreign.length], [110, 190, 1, 0]);
});

test("who waits is seen, until it holds or gives up", () => {
  const { recording, others } = watched();
  others.add({ event: "wait", endpoints: ["a", "b"], owner: "someone", token: 7, at: 10 });
  others.add({ event: "grant", endpoints: ["a", "b"], owner: "someone", token: 7, at: 20 });
  others.add({ event: "wait", endpoints: ["b"], owner: "another", token: 8, at: 30 });
  others.add({ event: "eviction", endpoints: ["b"], owner: "another", token: 8, at: 35 });
  const [a, b] = recording.rows;
  assert.deepEqual([[...a.waiting(99)], [...b.waiting(99)]], [[10, 20], [10, 20, 30, 35]]);
  assert.equal(b.foreign.length, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { bins, widthOf } from "../src/bins.js";
import * as kind from "../src/events.js";
import { Recording } from "../src/recording.js";
import { batch, report } from "./events.js";

const none = -1;

// Two queries: the first is read while the second waits.
const events = [
  [0, kind.ASK, none, none, 0],
  [0, kind.ASK, none, none, 1],
  [1, kind.LOCK, 0, 0],
  [2, kind.LOCKED, 0, 0],
  [3, kind.READ, 0, 0],
  [4, kind.LOCK, 1, 0],
  [5, kind.REFUSED, 1, 0],
  [103, kind.STATE, 0, 0],
  [104, kind.UNLOCK, 0, 0],
  [105, kind.UNLOCKED, 0, 0],
  [105, kind.ANSWER, 0, none, 0],
  [106, kind.LOCK, 1, 0],
  [107, kind.LOCKED, 1, 0],
  [207, kind.UNLOCKED, 1, 0],
  [208, kind.ANSWER, 1, none, 1],
];

function recorded() {
  const recording = new Recording("cover", { queries: 2 });
  recording.append(batch(events.slice(0, 6), ["a", "b"]));
  recording.append(batch(events.slice(6)));
  recording.finish(report({ makespan_s: 0.208 }));
  return recording;
}

test("counters are those of the moment", () => {
  const recording = recorded();
  const at = (time) => recording.count(time);
  assert.deepEqual(at(-1), { asked: 0, answered: 0, failed: 0, calls: 0, held: 0, reading: 0, waiting: 0 });
  assert.deepEqual(at(0), { asked: 2, answered: 0, failed: 0, calls: 0, held: 0, reading: 0, waiting: 2 });
  assert.deepEqual(at(3), { asked: 2, answered: 0, failed: 0, calls: 2, held: 1, reading: 1, waiting: 1 });
  assert.deepEqual(at(4), { asked: 2, answered: 0, failed: 0, calls: 3, held: 1, reading: 2, waiting: 0 }, "a reading begins with its first call");
  assert.deepEqual(at(150), { asked: 2, answered: 1, failed: 0, calls: 5, held: 1, reading: 1, waiting: 0 });
  assert.deepEqual(at(208), { asked: 2, answered: 2, failed: 0, calls: 5, held: 0, reading: 0, waiting: 0 });
});

test("a row knows who held it and who waited", () => {
  const [row, other] = recorded().rows;
  assert.equal(row.name, "a");
  assert.equal(row.holdAt(1.9), -1);
  assert.equal(row.holdAt(2), 0);
  assert.equal(row.holdAt(105), -1, "free from the moment of the unlock");
  assert.equal(row.reading.values[row.holdAt(150)], 1);
  assert.deepEqual([...row.waiting(1000)], [1, 2, 4, 107], "from the first request to the grant, refusals between");
  assert.equal(row.isWaitedFor(50), true);
  assert.equal(row.isWaitedFor(3), false);
  assert.equal(row.waitersAt(50), 1);
  assert.equal(other.start.length, 0);
});

test("who goes around what was refused waited until then", () => {
  const recording = new Recording("group", { queries: 1 });
  recording.append(batch([[1, kind.LOCK, 0, 0], [3, kind.REFUSED, 0, 0], [50, kind.ANSWER, 0, none, 0]], ["a"]));
  assert.deepEqual([...recording.rows[0].waiting(40)], [1, 40], "while the run goes on it may still wait");
  recording.finish(report());
  assert.deepEqual([...recording.rows[0].waiting(40)], [1, 3]);
});

test("a lock whose unlock was lost ends with the next", () => {
  const recording = new Recording("group", { queries: 1 });
  recording.append(batch([[1, kind.LOCKED, 0, 0], [2, kind.UNLOCK, 0, 0], [3, kind.LOST, 0, 0], [9, kind.LOCKED, 1, 0], [10, kind.UNLOCKED, 0, 0]], ["a"]));
  const [row] = recording.rows;
  assert.deepEqual([...row.end.view()], [9, Infinity], "a late word of the first holder frees nothing of the second's");
  assert.equal(recording.count(10).held, 1);
});

test("rows stay when the list of endpoints changes", () => {
  const recording = new Recording("group", { queries: 1 });
  recording.append(batch([[1, kind.LOCKED, 0, 1]], ["a", "b"]));
  recording.append(batch([[2, kind.UNLOCKED, 0, 0], [3, kind.LOCKED, 1, 1]], ["b", "c"]));
  assert.deepEqual(recording.rows.map((row) => [row.name, row.start.length]), [["b", 1], ["c", 1], ["a", 0]]);
});

test("counters are right beyond the sums that are kept", () => {
  const recording = new Recording("group", { queries: 2000 });
  recording.append(batch(Array.from({ length: 2000 }, (_, i) => [i, kind.ASK, none, none, i]), ["a"]));
  for (const time of [0, 254, 255, 256, 511, 512, 1999, 5000]) assert.equal(recording.count(time).asked, Math.min(2000, time + 1));
});

test("what is too long is cut", () => {
  const { mostEvents } = kind;
  const recording = new Recording("group", { queries: 1 });
  const many = { n: mostEvents + 10, at: new Float64Array(mostEvents + 10), kind: new Uint8Array(mostEvents + 10).fill(kind.REGISTRY) };
  for (const name of ["reading", "endpoint", "query"]) many[name] = new Int32Array(mostEvents + 10).fill(-1);
  recording.append(many);
  assert.equal(recording.cut, true);
  assert.equal(recording.at.length, mostEvents);
});

test("bins count the answers until a time, forward and back", () => {
  const recording = recorded();
  const width = widthOf(recording);
  assert.equal(width, 10);
  assert.equal(bins(recording, 104, width).reduce((a, b) => a + b), 0);
  assert.equal(bins(recording, 208, width)[20], 1);
  assert.equal(bins(recording, 105, width)[10], 1);
  assert.equal(bins(recording, 105, width).reduce((a, b) => a + b), 1);
  assert.equal(bins(recording, Infinity, width).reduce((a, b) => a + b), 2);
});

test("a query for nothing is answered by no reading", () => {
  const recording = new Recording("group", { queries: 1 });
  recording.append(batch([[1, kind.ASK, none, none, 0], [2, kind.ANSWER, none, none, 0]], ["a"]));
  assert.deepEqual(recording.count(1), { asked: 1, answered: 0, failed: 0, calls: 0, held: 0, reading: 0, waiting: 1 });
  assert.deepEqual(recording.count(2), { asked: 1, answered: 1, failed: 0, calls: 0, held: 0, reading: 0, waiting: 0 });
  assert.deepEqual(recording.outcomes, [{ query: 0, start: 1, end: 2, ok: true }]);
});

test("what a stopped run never asked has failed at its end", () => {
  const recording = new Recording("group", { queries: 3 });
  recording.append(batch([[0, kind.ASK, none, none, 0], [5, kind.ANSWER, 0, none, 0]], ["a"]));
  recording.finish(report({ queries: 3, failed: 2, makespan_s: 0.007 }));
  assert.deepEqual(recording.count(6), { asked: 1, answered: 1, failed: 0, calls: 0, held: 0, reading: 0, waiting: 0 });
  assert.deepEqual(recording.count(7), { asked: 3, answered: 1, failed: 2, calls: 0, held: 0, reading: 0, waiting: 0 });
});

test("what may be free by now is not surely held", () => {
  const recording = new Recording("group", { queries: 1 });
  const [row] = (recording.append(batch([[1, kind.LOCKED, 0, 0]], ["a"])), recording.rows);
  const after = (...events) => { recording.append(batch(events)); return [row.held, row.surelyHeld]; };
  assert.deepEqual(after(), [true, true]);
  assert.deepEqual(after([2, kind.LOST, 1, 0]), [true, true], "the answer to somebody else's lock");
  assert.deepEqual(after([3, kind.UNLOCK, 0, 0], [4, kind.LOST, 0, 0]), [true, false]);
  assert.deepEqual(after([5, kind.LOCKED, 1, 0]), [true, true], "locked anew");
  assert.deepEqual(after([6, kind.UNLOCKED, 1, 0]), [false, false]);
});

import { Column } from "./column.js";
import { Row } from "./row.js";
import * as kind from "./events.js";

const every = 256; // events from one sum to the next

// A recording of a run: its events, and what the pictures need to know of them at any
// time. Events come in order of time and are worked in as they come.
export class Recording {
  constructor(strategy, options) {
    this.strategy = strategy;
    this.options = options;
    this.report = null;
    this.rows = [];
    this.at = new Column(Float64Array);
    this.kind = new Column(Uint8Array);
    this.heldBy = new Column(Int8Array); // how the event changes the number of locks held
    this.sums = []; // the counters before each 256th event
    this.now = { asked: 0, answered: 0, failed: 0, calls: 0, held: 0 };
    this.asked = new Column(Float64Array); // by query
    this.began = new Column(Float64Array); // by reading: its first call
    this.ended = new Column(Float64Array); // by reading: its last event
    this.members = new Column(Int32Array); // by reading: the queries that it answered
    this.answers = new Column(Float64Array); // when answers came
    this.latencies = new Column(Float64Array); // theirs, ms
    this.outcomes = []; // {query, start, end, ok} in order of their ends
    this.readFrom = new Column(Float64Array); // from when an answered query was being read
    this.readUntil = new Column(Float64Array);
    this.sorted = 0; // how much of readFrom is in order
    this.crashes = [];
    this.together = []; // readings that the server makes, now
    this.longest = 0; // of the latencies, ms
    this.total = options.queries * (options.clients ?? 1);
    this.cut = false;
    this.watchedUntil = -1; // when the server last told of a lock; -1: it tells nothing
    this.revision = 0; // grows when something came
  }

  // end is the time until which there is something to see, ms.
  get end() {
    const last = this.at.length ? this.at.values[this.at.length - 1] : 0;
    if (!this.report) return Math.max(last, this.watchedUntil);
    return Math.max(last, this.cut ? 0 : this.report.makespan_s * 1000);
  }

  append(batch) {
    if (batch.endpoints) this.name(batch.endpoints);
    this.revision++;
    for (let i = 0; i < batch.n; i++) {
      if (this.at.length >= kind.mostEvents) {
        this.cut = true;
        return;
      }
      this.add(batch.kind[i], batch.at[i], batch.reading[i], batch.endpoint[i], batch.query[i]);
    }
  }

  // name keeps the rows of endpoints that stay when the list changes.
  name(endpoints) {
    const known = new Map(this.rows.map((row) => [row.name, row]));
    const listed = endpoints.map((name) => known.get(name) ?? new Row(name));
    this.order = listed;
    this.rows = [...listed, ...this.rows.filter((row) => !listed.includes(row))];
  }

  add(what, at, reading, endpoint, query) {
    const now = this.now;
    if (this.at.length % every === 0) this.sums.push({ ...now });
    this.at.push(at);
    this.kind.push(what);
    if (reading >= 0) this.touch(reading, at);
    const row = endpoint >= 0 ? this.order?.[endpoint] : undefined;
    const change = row ? this.addLock(what, at, reading, row) : this.addQuery(what, at, reading, query);
    this.heldBy.push(change);
    now.held += change;
    now.calls += kind.isCall[what];
  }

  touch(reading, at) {
    if (!(this.began.get(reading, NaN) >= 0)) this.began.set(reading, at, NaN);
    this.ended.set(reading, at, NaN);
  }

  addLock(what, at, reading, row) {
    switch (what) {
      case kind.LOCK:
        row.ask(reading, at);
        return 0;
      case kind.REFUSED:
        row.refuse(reading, at);
        return 0;
      case kind.LOST:
        row.lose(reading, at);
        return 0;
      case kind.LOCKED: {
        const stolen = row.held ? 0 : 1;
        row.lock(reading, at);
        return stolen;
      }
      case kind.UNLOCKED:
        return row.unlock(reading, at) ? -1 : 0;
    }
    return 0;
  }

  addQuery(what, at, reading, query) {
    switch (what) {
      case kind.ASK:
        this.now.asked++;
        this.asked.set(query, at, NaN);
        break;
      case kind.ANSWER:
        this.now.answered++;
        this.answer(at, reading, query);
        break;
      case kind.FAIL:
        this.now.failed++;
        this.outcomes.push({ query, start: this.asked.get(query, at), end: at, ok: false });
        break;
      case kind.CRASH:
        this.crashes.push(at);
        break;
      case kind.TOGETHER:
        this.together.push(reading);
        break;
      case kind.STATES:
        this.together = this.together.filter((one) => one !== reading);
    }
    return 0;
  }

  answer(at, reading, query) {
    const asked = this.asked.get(query, at);
    this.answers.push(at);
    this.latencies.push(at - asked);
    this.longest = Math.max(this.longest, at - asked);
    this.outcomes.push({ query, start: asked, end: at, ok: true });
    if (reading < 0) return; // it asked for nothing
    this.members.set(reading, this.members.get(reading, 0) + 1, 0);
    this.readFrom.push(Math.max(asked, this.began.get(reading, at)));
    this.readUntil.push(at);
  }

  // finish ends the recording with what the run came to.
  finish(report) {
    this.report = report;
    this.revision++;
    for (const row of this.rows) for (const reading of [...row.pending.keys()]) row.endWait(reading);
  }

  // count returns the counters at that time.
  count(time) {
    const last = this.at.after(time);
    const at = { ...(this.sums[Math.floor(last / every)] ?? this.now) };
    for (let i = Math.floor(last / every) * every; i < last; i++) {
      const what = this.kind.values[i];
      if (what === kind.ASK) at.asked++;
      else if (what === kind.ANSWER) at.answered++;
      else if (what === kind.FAIL) at.failed++;
      at.calls += kind.isCall[what];
      at.held += this.heldBy.values[i];
    }
    if (this.sorted < this.readFrom.length) {
      this.readFrom.view().sort();
      this.sorted = this.readFrom.length;
    }
    at.reading = this.report ? this.readFrom.after(time) - this.readUntil.after(time) : this.readingNow();
    const over = this.report && !this.cut && time >= this.end;
    if (this.watchedUntil >= 0) at.held = this.heldAt(time, over);
    if (over) this.settle(at);
    at.waiting = Math.max(0, at.asked - at.answered - at.failed - at.reading);
    return at;
  }

  // heldAt counts the rows that we held: of whole readings no events of ours tell what they
  // lock. What is told after the end is freed all the same.
  heldAt(time, over) {
    return this.rows.filter((row) => {
      const hold = row.holdAt(time);
      return hold >= 0 && (!over || row.end.values[hold] === Infinity);
    }).length;
  }

  // settle puts at the end what the run came to: what a stopped run never asked is told of nowhere else.
  settle(at) {
    at.failed = this.report.failed;
    at.answered = this.report.queries - at.failed;
    at.asked = this.report.queries;
    at.reading = 0;
  }

  // readingNow guesses how many queries are being read while a run goes on, when nothing
  // tells yet whose answer a reading will be: a group is of all who asked before it began,
  // other readings are of one query each.
  readingNow() {
    const open = new Set(this.together);
    for (const row of this.rows) if (row.held) open.add(row.reading.values[row.reading.length - 1]);
    if (this.strategy !== "group") return open.size;
    const began = Math.max(...[...open].map((reading) => this.began.get(reading, 0)));
    return open.size ? Math.max(0, this.asked.after(began) - this.now.answered - this.now.failed) : 0;
  }
}

import { Column } from "./column.js";

// A row of the timeline: an endpoint, who held it when, and who waited for it when.
export class Row {
  constructor(name) {
    this.name = name;
    this.start = new Column(Float64Array, 16); // of holds, ascending; they never overlap
    this.end = new Column(Float64Array, 16); // Infinity while held
    this.reading = new Column(Int32Array, 16);
    this.waits = []; // {reading, start, end}
    this.pending = new Map(); // by reading: since when it asks, and until when it was refused
    this.doubt = false; // whether the answer to the unlock of the hold that is open was lost
    this.foreign = []; // {start, end, owner}: what others held, by the server's word
    this.spans = null; // the waits joined, ascending, as [start, end, start, end, ...]
  }

  get held() {
    return this.end.length > 0 && this.end.values[this.end.length - 1] === Infinity;
  }

  // surelyHeld is held, unless it may be free by now, and then somebody else's.
  get surelyHeld() {
    return this.held && !this.doubt;
  }

  ask(reading, at) {
    if (!this.pending.has(reading)) this.pending.set(reading, { since: at, until: at });
  }

  refuse(reading, at) {
    const wait = this.pending.get(reading);
    if (wait) wait.until = at;
  }

  // lose takes note that the answer to a lock or an unlock was lost.
  lose(reading, at) {
    this.refuse(reading, at);
    if (this.held && this.reading.values[this.reading.length - 1] === reading) this.doubt = true;
  }

  lock(reading, at) {
    this.doubt = false;
    if (this.held) this.end.values[this.end.length - 1] = at; // its end was not told: the answer was lost
    this.start.push(at);
    this.end.push(Infinity);
    this.reading.push(reading);
    this.endWait(reading, at);
  }

  // unlock says whether the reading held it.
  unlock(reading, at) {
    const last = this.end.length - 1;
    if (!this.held || this.reading.values[last] !== reading) return false;
    this.end.values[last] = at;
    return true;
  }

  endWait(reading, at) {
    const wait = this.pending.get(reading);
    if (!wait) return;
    this.pending.delete(reading);
    this.waits.push({ reading, start: wait.since, end: at ?? wait.until });
    this.spans = null;
  }

  // holdAt returns the number of the hold at that time, or -1.
  holdAt(at) {
    const i = this.start.after(at) - 1;
    return i >= 0 && at < this.end.values[i] ? i : -1;
  }

  // firstHold returns the first hold that ends after that time.
  firstHold(at) {
    return Math.max(0, this.start.after(at) - 1);
  }

  waiting(now) {
    this.spans ??= join(this.waits);
    if (this.pending.size === 0) return this.spans;
    const open = [...this.pending].map(([reading, { since, until }]) => ({ reading, start: since, end: Math.max(now, until) }));
    return join([...this.waits, ...open]);
  }

  waitersAt(at) {
    let count = 0;
    for (const wait of this.waits) if (wait.start <= at && at < wait.end) count++;
    for (const wait of this.pending.values()) if (wait.since <= at) count++;
    return count;
  }

  // isWaitedFor is waitersAt > 0, and quicker.
  isWaitedFor(at) {
    for (const wait of this.pending.values()) if (wait.since <= at) return true;
    this.spans ??= join(this.waits);
    const i = spanAfter(this.spans, at);
    return i < this.spans.length && this.spans[i] <= at;
  }

  // theirs returns what others held. A hold without an owner that is open while we hold
  // the row is our own, told by the server too.
  theirs() {
    return this.held ? this.foreign.filter(({ owner, end }) => owner !== undefined || end !== Infinity) : this.foreign;
  }

  foreignAt(at) {
    return this.theirs().find((hold) => hold.start <= at && at < hold.end);
  }
}

// spanAfter returns where the first span begins that ends after that time.
export function spanAfter(spans, at) {
  let low = 0, high = spans.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (spans[2 * middle + 1] <= at) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
}

// join makes ascending spans that do not meet out of waits in any order.
function join(waits) {
  const spans = [];
  for (const { start, end } of waits.slice().sort((a, b) => a.start - b.start)) {
    const last = spans.length - 1;
    if (last > 0 && start <= spans[last]) spans[last] = Math.max(spans[last], end);
    else spans.push(start, end);
  }
  return Float64Array.from(spans);
}

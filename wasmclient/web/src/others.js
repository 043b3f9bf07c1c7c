// Others' locks, as GET /watch of a server of ours tells them. Our own are told too:
// a whole reading's by its owner, which is our name, and a lock of the old API, which
// has no owner, by being held when we held it.
export class Others {
  constructor(recording, name) {
    this.recording = recording;
    this.name = name;
    this.open = new Map(); // by token: the holds that it has begun
  }

  add({ event, endpoints, owner, token, at }) {
    this.recording.watchedUntil = Math.max(this.recording.watchedUntil, at);
    switch (event) {
      case "wait":
        return this.wait(endpoints, token, at);
      case "lock":
      case "grant":
        return this.begin(endpoints, owner, token, at);
      case "unlock":
      case "release":
      case "eviction":
      case "break":
        return this.end(token, at);
    }
  }

  // wait shows who waits for its turn. A reading's number is never negative.
  wait(endpoints, token, at) {
    const rows = this.rows(endpoints);
    for (const row of rows) row.ask(-token, at);
    this.open.set(token, rows.map((row) => (end) => row.endWait(-token, end)));
    this.recording.revision++;
  }

  begin(endpoints, owner, token, at) {
    this.end(token, at);
    const mine = owner !== undefined && owner === this.name;
    const reading = mine ? this.readingAt(at) : -1;
    this.open.set(token, this.rows(endpoints).map((row) => (mine ? this.hold(row, reading, at) : hold(row, owner, at))));
    this.recording.revision++;
  }

  rows(endpoints) {
    return this.recording.rows.filter((row) => endpoints.includes(row.name));
  }

  end(token, at) {
    for (const end of this.open.get(token) ?? []) end(at);
    this.open.delete(token);
    this.recording.revision++;
  }

  // hold adds a hold of ours, unless the run's own events tell of it.
  hold(row, reading, at) {
    if (row.start.length && row.start.values[row.start.length - 1] > at) return () => {};
    row.lock(reading, at);
    return (end) => row.unlock(reading, end);
  }

  // readingAt returns the latest reading that was under way.
  readingAt(at) {
    const { began, ended } = this.recording;
    for (let i = began.length - 1; i >= 0; i--) {
      if (began.values[i] <= at + 50 && ended.values[i] >= at - 50) return i; // two clocks differ a little
    }
    return Math.max(0, began.length - 1);
  }
}

function hold(row, owner, at) {
  const one = { start: at, end: Infinity, owner };
  row.foreign.push(one);
  return (end) => {
    one.end = end;
    if (owner === undefined && isOurs(row, one)) row.foreign.splice(row.foreign.indexOf(one), 1);
  };
}

// isOurs says whether we held the row for more than half of that time.
export function isOurs(row, { start, end }) {
  let ours = 0;
  for (let i = row.firstHold(start); i < row.start.length && row.start.values[i] < end; i++) {
    ours += Math.max(0, Math.min(end, row.end.values[i]) - Math.max(start, row.start.values[i]));
  }
  return ours > (end - start) / 2;
}

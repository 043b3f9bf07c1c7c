// A column of numbers that grows: a typed array with room to spare.
export class Column {
  constructor(Type, room = 256) {
    this.values = new Type(room);
    this.length = 0;
  }

  push(value) {
    this.reserve(this.length + 1);
    this.values[this.length++] = value;
  }

  // set writes beyond the end too; what lies between is `empty`.
  set(index, value, empty) {
    if (index >= this.length) {
      this.reserve(index + 1);
      this.values.fill(empty, this.length, index);
      this.length = index + 1;
    }
    this.values[index] = value;
  }

  get(index, empty) {
    return index < this.length ? this.values[index] : empty;
  }

  append(array) {
    this.reserve(this.length + array.length);
    this.values.set(array, this.length);
    this.length += array.length;
  }

  reserve(room) {
    if (room <= this.values.length) return;
    const larger = new this.values.constructor(Math.max(room, 2 * this.values.length));
    larger.set(this.values.subarray(0, this.length));
    this.values = larger;
  }

  view() {
    return this.values.subarray(0, this.length);
  }

  // after returns how many of the ascending values are at most `limit`.
  after(limit) {
    let low = 0, high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.values[middle] <= limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

// Curves in memory: columns of buckets, a point being a bucket of one. A curve that has grown long joins its
// buckets in pairs, so that neither a run of a million steps nor a page left open for days fills the memory.

const MAX_ENTRIES = 16_384;

/** @param {number|string|null} value as the API sends it: NaN and infinities as strings @returns {number} */
export const numberOf = (value) => (value === null || value === undefined ? NaN : Number(value));

/** Columns `from, to, count, min, max, mean, nan`, ascending in steps. Min, max and mean are NaN where no value is a number. */
export class Curve {
  from = [];
  to = [];
  count = [];
  min = [];
  max = [];
  mean = [];
  nan = [];
  /** Points in all. */
  total = 0;
  /** The latest value; NaN before the first. */
  last = NaN;

  /** @param {{points?: object, buckets?: object}} series of `GET /v1/runs/:id/metrics` */
  static of({ points, buckets }) {
    const curve = new Curve();
    if (points) points.steps.forEach((step, at) => curve.add(step, numberOf(points.values[at])));
    if (buckets) {
      Object.assign(curve, { from: buckets.from, to: buckets.to, count: buckets.count, nan: buckets.nan });
      for (const column of ['min', 'max', 'mean']) curve[column] = buckets[column].map(numberOf);
      curve.total = buckets.count.reduce((sum, count) => sum + count, 0);
      curve.last = numberOf(buckets.last.at(-1));
    }
    return curve;
  }

  get length() {
    return this.to.length;
  }

  /** The last step that it knows; 0 when it is empty. */
  get lastStep() {
    return this.to.at(-1) ?? 0;
  }

  /**
   * Appends a point. One that is not after the last is known already: the curve was read from the service
   * when the log was ahead of the position that the live stream goes on from.
   * @param {number} step
   * @param {number} value
   * @returns {boolean} whether it was new
   */
  add(step, value) {
    if (step <= this.lastStep && this.length > 0) return false;
    this.from.push(step);
    this.to.push(step);
    this.count.push(1);
    this.min.push(value);
    this.max.push(value);
    this.mean.push(Number.isFinite(value) ? value : NaN);
    this.nan.push(Number.isNaN(value) ? 1 : 0);
    this.total += 1;
    this.last = value;
    if (this.length > MAX_ENTRIES) this.#halve();
    return true;
  }

  /**
   * Forgets the points after a step: a run that was interrupted goes on from there. Of points that were joined into
   * one bucket across it, none is forgotten.
   * @param {number} step
   */
  cut(step) {
    const kept = this.from.filter((from) => from <= step).length;
    if (kept === this.length) return;
    for (const column of [this.from, this.to, this.count, this.min, this.max, this.mean, this.nan]) column.length = kept;
    this.total = this.count.reduce((sum, count) => sum + count, 0);
    this.last = this.mean.at(-1) ?? NaN;
  }

  /**
   * The entry that holds a step, or the nearest.
   * @param {number} step
   * @returns {number} its index; -1 when the curve is empty
   */
  nearest(step) {
    let low = 0;
    let high = this.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.to[middle] < step) low = middle + 1;
      else high = middle;
    }
    if (low > 0 && step - this.to[low - 1] < this.from[low] - step) return low - 1;
    return high < 0 ? -1 : low;
  }

  #halve() {
    const joined = { from: [], to: [], count: [], min: [], max: [], mean: [], nan: [] };
    for (let at = 0; at < this.length; at += 2) {
      const next = Math.min(at + 1, this.length - 1);
      const single = next === at;
      const [left, right] = [this.count[at] - this.nan[at], single ? 0 : this.count[next] - this.nan[next]];
      joined.from.push(this.from[at]);
      joined.to.push(this.to[next]);
      joined.count.push(this.count[at] + (single ? 0 : this.count[next]));
      joined.nan.push(this.nan[at] + (single ? 0 : this.nan[next]));
      joined.min.push(lesser(this.min[at], this.min[next]));
      joined.max.push(-lesser(-this.max[at], -this.max[next]));
      joined.mean.push(weighted([this.mean[at], left], [this.mean[next], right]));
    }
    Object.assign(this, joined);
  }
}

/** The lesser one, NaN only where both are. */
function lesser(a, b) {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : Math.min(a, b);
}

function weighted([a, left], [b, right]) {
  if (Number.isNaN(a) || left === 0) return b;
  if (Number.isNaN(b) || right === 0) return a;
  return (a * left + b * right) / (left + right);
}

// A curve in memory: columns of buckets in typed arrays, a point being a bucket of one. A curve that has grown long
// joins its buckets in pairs, so that neither a run of a million steps nor a page left open for days fills the memory.

import { numberOf } from '../lib/number-of.js';
import { firstWhere } from '../lib/sorted.js';

export const MAX_ENTRIES = 16_384;

/** The first `length` entries of each column, ascending in steps. Min, max and mean are NaN where no value is a number. */
export interface Columns {
  readonly length: number;
  readonly from: ArrayLike<number>;
  readonly to: ArrayLike<number>;
  readonly count: ArrayLike<number>;
  readonly min: ArrayLike<number>;
  readonly max: ArrayLike<number>;
  /** Of the finite values. */
  readonly mean: ArrayLike<number>;
  /** How many are NaN. */
  readonly nan: ArrayLike<number>;
}

interface ReadSeries {
  points?: { steps: readonly number[]; values: readonly (number | string)[] };
  buckets?: Record<'from' | 'to' | 'count' | 'nan', readonly number[]> & Record<'min' | 'max' | 'mean' | 'last', readonly (number | string)[]>;
}

const WHOLE = ['from', 'to', 'count', 'nan'] as const;
const REAL = ['min', 'max', 'mean'] as const;

export class Series implements Columns {
  length = 0;
  from = new Int32Array(64);
  to = new Int32Array(64);
  count = new Int32Array(64);
  nan = new Int32Array(64);
  min = new Float64Array(64);
  max = new Float64Array(64);
  mean = new Float64Array(64);
  /** Points in all. */
  total = 0;
  /** The latest value; NaN before the first. */
  last = NaN;
  /** Grows with each change. */
  version = 0;

  /** @param most entries; one that grows beyond them joins them in pairs */
  constructor(readonly most = MAX_ENTRIES) {}

  /** As `GET /v1/runs/:id/metrics` tells it. */
  static of({ points, buckets }: ReadSeries, most = MAX_ENTRIES): Series {
    const series = new Series(most);
    points?.steps.forEach((step, at) => series.add(step, numberOf(points.values[at])));
    if (buckets === undefined) return series;
    const length = buckets.to.length;
    series.#reserve(length);
    for (const name of WHOLE) series[name].set(buckets[name]);
    for (const name of REAL) series[name].set(buckets[name].map(numberOf));
    series.length = length;
    series.total = buckets.count.reduce((sum, one) => sum + one, 0);
    series.last = numberOf(buckets.last.at(-1));
    return series;
  }

  /** The last step that it knows; 0 when it is empty. */
  get lastStep(): number {
    return this.length === 0 ? 0 : this.to[this.length - 1]!;
  }

  /**
   * Appends a point. One that is not after the last is known already: the curve was read from the service when the
   * log was ahead of the position that the live stream goes on from. Answers whether it was new.
   */
  add(step: number, value: number): boolean {
    if (this.length > 0 && step <= this.lastStep) return false;
    const at = this.#open();
    this.from[at] = step;
    this.to[at] = step;
    this.count[at] = 1;
    this.nan[at] = Number.isNaN(value) ? 1 : 0;
    this.min[at] = value;
    this.max[at] = value;
    this.mean[at] = Number.isFinite(value) ? value : NaN;
    this.length += 1;
    this.total += 1;
    this.last = value;
    this.version += 1;
    return true;
  }

  /** Appends what another knows beyond the end of this one. */
  append(other: Series): void {
    const begin = this.lastStep;
    for (let at = 0; at < other.length; at += 1) {
      if (other.from[at]! <= begin) continue;
      const to = this.#open();
      for (const name of WHOLE) this[name][to] = other[name][at]!;
      for (const name of REAL) this[name][to] = other[name][at]!;
      this.length += 1;
      this.total += other.count[at]!;
      this.last = other.last;
      this.version += 1;
    }
  }

  /**
   * Forgets the points after a step: a run that was interrupted goes on from there. Of points that were joined into
   * one bucket across it, none is forgotten.
   */
  cut(step: number): void {
    let kept = this.length;
    while (kept > 0 && this.from[kept - 1]! > step) kept -= 1;
    if (kept === this.length) return;
    this.length = kept;
    this.total = 0;
    for (let at = 0; at < kept; at += 1) this.total += this.count[at]!;
    this.last = kept === 0 ? NaN : this.mean[kept - 1]!;
    this.version += 1;
  }

  /** Makes room for one more entry; answers its place. */
  #open(): number {
    if (this.length >= this.most) this.#halve();
    this.#reserve(this.length + 1);
    return this.length;
  }

  #reserve(length: number): void {
    if (length <= this.to.length) return;
    const capacity = Math.max(length, this.to.length * 2);
    for (const name of WHOLE) this[name] = grown(new Int32Array(capacity), this[name]);
    for (const name of REAL) this[name] = grown(new Float64Array(capacity), this[name]);
  }

  #halve(): void {
    let to = 0;
    for (let at = 0; at < this.length; at += 2, to += 1) joinInto(this, { to, left: at, right: Math.min(at + 1, this.length - 1) });
    this.length = to;
  }
}

function grown<A extends Int32Array | Float64Array>(larger: A, old: A): A {
  larger.set(old);
  return larger;
}

function joinInto(series: Series, { to, left, right }: { to: number; left: number; right: number }): void {
  const { from, to: end, count, nan, min, max, mean } = series;
  const single = left === right;
  const numbersOf = (at: number) => (Number.isNaN(mean[at]!) ? 0 : count[at]! - nan[at]!);
  const [ofLeft, ofRight] = [numbersOf(left), single ? 0 : numbersOf(right)];
  const joined = (ofLeft === 0 ? 0 : mean[left]! * ofLeft) + (ofRight === 0 ? 0 : mean[right]! * ofRight);
  mean[to] = joined / (ofLeft + ofRight);
  min[to] = lesser(min[left]!, min[right]!);
  max[to] = -lesser(-max[left]!, -max[right]!);
  from[to] = from[left]!;
  end[to] = end[right]!;
  count[to] = count[left]! + (single ? 0 : count[right]!);
  nan[to] = nan[left]! + (single ? 0 : nan[right]!);
}

/** The lesser one, NaN only where both are. */
function lesser(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : Math.min(a, b);
}

/** The first entry that ends at a step or after it; `length` when there is none. */
export const firstFrom = ({ length, to }: Pick<Columns, 'length' | 'to'>, step: number): number => firstWhere(length, (at) => to[at]! >= step);

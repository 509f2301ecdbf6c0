// A long curve as min/max buckets that keep the first point, the last and every spike. What is known of a whole
// chunk spares looking at its points.

/** Points in order, as columns of the same length. */
export interface Points {
  steps: number[];
  values: number[];
}

/** Of some values. Min and max leave NaN out, sum and finite infinities too; min and max are NaN when nothing is left. */
export interface Summary {
  min: number;
  max: number;
  sum: number;
  finite: number;
  nan: number;
}

/** Consecutive points. At least one of summary and points is there. */
export interface Chunk {
  count: number;
  summary?: Summary;
  points?: Points;
}

/** Columns of the same length, in which the mean is of the finite values. */
export type Buckets = Record<'from' | 'to' | 'count' | 'first' | 'last' | 'min' | 'max' | 'mean' | 'nan', number[]>;

/** The part of a curve's points to cut, and into how many buckets. */
export interface Cut {
  /** Points of the first chunk that are left out. */
  skip: number;
  length: number;
  /** At most `length`. */
  buckets: number;
}

/** Where bucket number `index` starts, from 0 at the first point of the part; the sizes differ by at most one. */
export function startOf(index: number, { length, buckets }: Pick<Cut, 'length' | 'buckets'>): number {
  return Math.floor((index * length) / buckets);
}

/** Chunks need their points where a bucket starts or ends, and where their summary is not known. */
export function bucketsOf(chunks: Iterable<Chunk>, cut: Cut): Buckets {
  const buckets: Buckets = { from: [], to: [], count: [], first: [], last: [], min: [], max: [], mean: [], nan: [] };
  let about = NOTHING;
  let index = 0;
  let chunkStart = -cut.skip;
  for (const { count, summary, points } of chunks) {
    const chunkEnd = chunkStart + count;
    for (let at = Math.max(0, chunkStart); at < Math.min(chunkEnd, cut.length); ) {
      const start = startOf(index, cut);
      const end = startOf(index + 1, cut);
      const stop = Math.min(chunkEnd, end);
      const isWhole = at === chunkStart && stop === chunkEnd;
      about = join(about, isWhole && summary !== undefined ? summary : summaryOf(points!.values, at - chunkStart, stop - chunkStart));
      if (at === start) {
        buckets.from.push(points!.steps[at - chunkStart]!);
        buckets.first.push(points!.values[at - chunkStart]!);
      }
      if (stop === end) {
        buckets.to.push(points!.steps[stop - chunkStart - 1]!);
        buckets.last.push(points!.values[stop - chunkStart - 1]!);
        buckets.count.push(end - start);
        buckets.min.push(about.min);
        buckets.max.push(about.max);
        buckets.mean.push(about.finite === 0 ? NaN : about.sum / about.finite);
        buckets.nan.push(about.nan);
        about = NOTHING;
        index += 1;
      }
      at = stop;
    }
    chunkStart = chunkEnd;
  }
  return buckets;
}

const NOTHING: Summary = { min: NaN, max: NaN, sum: 0, finite: 0, nan: 0 };

// Written so that a number replaces NaN.
const lesser = (a: number, b: number) => (b >= a || Number.isNaN(b) ? a : b);
const greater = (a: number, b: number) => (b <= a || Number.isNaN(b) ? a : b);

function join(a: Summary, b: Summary): Summary {
  return { min: lesser(a.min, b.min), max: greater(a.max, b.max), sum: a.sum + b.sum, finite: a.finite + b.finite, nan: a.nan + b.nan };
}

/** Of `values[start..end)`. */
function summaryOf(values: readonly number[], start: number, end: number): Summary {
  const summary = { ...NOTHING };
  for (let at = start; at < end; at += 1) {
    const value = values[at]!;
    summary.min = lesser(summary.min, value);
    summary.max = greater(summary.max, value);
    if (Number.isNaN(value)) summary.nan += 1;
    if (!Number.isFinite(value)) continue;
    summary.sum += value;
    summary.finite += 1;
  }
  return summary;
}

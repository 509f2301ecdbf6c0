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

/** Consecutive points. At least one of summary and values is there. */
export interface Chunk {
  count: number;
  summary?: Summary | undefined;
  values?: readonly number[] | undefined;
}

/** Columns of the same length, in which the mean is of the finite values. */
export type ValueBuckets = Record<'count' | 'first' | 'last' | 'min' | 'max' | 'mean' | 'nan', number[]>;
/** With the steps of the first point and the last of each. */
export type Buckets = ValueBuckets & Record<'from' | 'to', number[]>;

/** The part of a curve's points to cut, and into how many buckets. */
export interface Cut {
  /** Points of the first chunk that are left out. */
  skip: number;
  length: number;
  /** At most `length`. */
  buckets: number;
}

/** Where bucket number `index` starts; the sizes differ by at most one. */
function startOf(index: number, { length, buckets }: Pick<Cut, 'length' | 'buckets'>): number {
  return Math.floor((index * length) / buckets);
}

/** The places of the first point and the last of each bucket, from 0 at the first point of the part. */
export function edgesOf(cut: Pick<Cut, 'length' | 'buckets'>): { first: number[]; last: number[] } {
  const starts = Array.from({ length: cut.buckets + 1 }, (_, index) => startOf(index, cut));
  return { first: starts.slice(0, -1), last: starts.slice(1).map((start) => start - 1) };
}

/** Chunks need their values where a bucket starts or ends, and where their summary is not known. */
export function bucketsOf(chunks: Iterable<Chunk>, cut: Cut): ValueBuckets {
  const buckets: ValueBuckets = { count: [], first: [], last: [], min: [], max: [], mean: [], nan: [] };
  const about = nothing();
  let index = 0;
  let start = 0;
  let end = startOf(1, cut);
  let chunkStart = -cut.skip;
  for (const { count, summary, values } of chunks) {
    const chunkEnd = chunkStart + count;
    for (let at = Math.max(0, chunkStart); at < Math.min(chunkEnd, cut.length); ) {
      const stop = Math.min(chunkEnd, end);
      const isWhole = at === chunkStart && stop === chunkEnd;
      if (isWhole && summary !== undefined) join(about, summary);
      else sumUp(about, values!, at - chunkStart, stop - chunkStart);
      if (at === start) buckets.first.push(values![at - chunkStart]!);
      if (stop === end) {
        buckets.last.push(values![stop - chunkStart - 1]!);
        buckets.count.push(end - start);
        buckets.min.push(about.min);
        buckets.max.push(about.max);
        buckets.mean.push(about.finite === 0 ? NaN : about.sum / about.finite);
        buckets.nan.push(about.nan);
        Object.assign(about, nothing());
        index += 1;
        start = end;
        end = startOf(index + 1, cut);
      }
      at = stop;
    }
    chunkStart = chunkEnd;
  }
  return buckets;
}

const nothing = (): Summary => ({ min: NaN, max: NaN, sum: 0, finite: 0, nan: 0 });

// Written so that a number replaces NaN.
const lesser = (a: number, b: number) => (b >= a || Number.isNaN(b) ? a : b);
const greater = (a: number, b: number) => (b <= a || Number.isNaN(b) ? a : b);

function join(about: Summary, { min, max, sum, finite, nan }: Summary): void {
  about.min = lesser(about.min, min);
  about.max = greater(about.max, max);
  about.sum += sum;
  about.finite += finite;
  about.nan += nan;
}

/** Adds `values[start..end)`. */
function sumUp(about: Summary, values: readonly number[], start: number, end: number): void {
  for (let at = start; at < end; at += 1) {
    const value = values[at]!;
    about.min = lesser(about.min, value);
    about.max = greater(about.max, value);
    if (Number.isNaN(value)) about.nan += 1;
    if (!Number.isFinite(value)) continue;
    about.sum += value;
    about.finite += 1;
  }
}

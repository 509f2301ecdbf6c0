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
export type Sums = Record<'count' | 'min' | 'max' | 'mean' | 'nan', number[]>;
/** With the first point and the last of each. */
export type Buckets = Sums & Record<'from' | 'to' | 'first' | 'last', number[]>;

/**
 * All chunks of a curve but its last have as many, so that a point's place tells its chunk. They stay within their row;
 * more would be compressed, and opened again, at every append.
 */
export const CHUNK_POINTS = 128;

/** Buckets of so many chunks begin where a chunk does, and nothing of a chunk but its summary is looked at. */
const WHOLE_CHUNKS = 4;

/** The part of a curve's points to cut, and into how many buckets. */
export interface Cut {
  /** Points of the first chunk that are left out. */
  skip: number;
  length: number;
  /** At most `length`. */
  buckets: number;
}

/**
 * Where each bucket starts, from 0 at the first point of the part, and where the last one ends. The sizes differ by at
 * most one point; those of large buckets by at most a chunk.
 */
export function startsOf({ skip, length, buckets }: Cut): number[] {
  const isLarge = length / buckets >= WHOLE_CHUNKS * CHUNK_POINTS;
  return Array.from({ length: buckets + 1 }, (_, index) => {
    const start = Math.floor((index * length) / buckets);
    const isEnd = index === 0 || index === buckets;
    return isLarge && !isEnd ? Math.round((start + skip) / CHUNK_POINTS) * CHUNK_POINTS - skip : start;
  });
}

/** Whether about every chunk would be looked at: then it is as well to read the points. */
export const isDense = ({ length, buckets }: Pick<Cut, 'length' | 'buckets'>): boolean => length / buckets < 2 * CHUNK_POINTS;

/** Of points that are all at hand, of which the first has the place `skip` in its chunk. */
export function cutPoints({ steps, values }: Points, { skip, buckets }: Pick<Cut, 'skip' | 'buckets'>): Buckets {
  const starts = startsOf({ skip, length: values.length, buckets });
  const at = (column: readonly number[], shift: 0 | 1) => Array.from({ length: buckets }, (_, index) => column[starts[index + shift]! - shift]!);
  return { from: at(steps, 0), to: at(steps, 1), first: at(values, 0), last: at(values, 1), ...sumUp([{ count: values.length, values }], { skip: 0, starts }) };
}

/** Chunks need their values where a bucket starts or ends within them, and where their summary is not known. */
export function sumUp(chunks: Iterable<Chunk>, { skip, starts }: { skip: number; starts: readonly number[] }): Sums {
  const sums: Sums = { count: [], min: [], max: [], mean: [], nan: [] };
  const length = starts.at(-1)!;
  const about = nothing();
  let index = 0;
  let chunkStart = -skip;
  for (const { count, summary, values } of chunks) {
    const chunkEnd = chunkStart + count;
    for (let at = Math.max(0, chunkStart); at < Math.min(chunkEnd, length); ) {
      const end = starts[index + 1]!;
      const stop = Math.min(chunkEnd, end);
      const isWhole = at === chunkStart && stop === chunkEnd;
      if (isWhole && summary !== undefined) join(about, summary);
      else add(about, values!, at - chunkStart, stop - chunkStart);
      if (stop === end) {
        sums.count.push(end - starts[index]!);
        sums.min.push(about.min);
        sums.max.push(about.max);
        sums.mean.push(about.finite === 0 ? NaN : about.sum / about.finite);
        sums.nan.push(about.nan);
        Object.assign(about, nothing());
        index += 1;
      }
      at = stop;
    }
    chunkStart = chunkEnd;
  }
  return sums;
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
function add(about: Summary, values: readonly number[], start: number, end: number): void {
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

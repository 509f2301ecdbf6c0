// What repeated seeds say together: the mean of their curves, and how far they are spread around it.
import type { Run } from '../../api/types.js';
import { sameBut } from '../../lib/spec-paths.js';

/**
 * Runs that differ in nothing but their seed, of at least two seeds; in the order of their first. Of a seed that was
 * trained again only the first counts: the same once more says nothing of the spread.
 */
export function seedGroups<R extends Pick<Run, 'spec' | 'forkedFrom'>>(runs: readonly R[]): readonly (readonly R[])[] {
  const groups = new Map<string, Map<number | undefined, R>>();
  for (const run of runs) {
    // Where it set out from matters as much as what it was told.
    const key = JSON.stringify([run.forkedFrom ?? null, sameBut(run.spec, ['fit.seed'])]);
    const { seed } = run.spec.fit;
    const group = groups.get(key) ?? new Map<number | undefined, R>();
    if (!group.has(seed)) group.set(seed, run);
    groups.set(key, group);
  }
  return [...groups.values()].filter(({ size }) => size > 1).map((group) => [...group.values()]);
}

/** A curve: `x` rises, and is as long as `y`. */
export interface Xy {
  x: Float64Array;
  y: Float64Array;
}

export interface Band {
  x: Float64Array;
  mean: Float64Array;
  /** One standard deviation below and above; the mean itself where one curve alone is left. */
  low: Float64Array;
  high: Float64Array;
  /** Curves that tell of each place. */
  count: Int32Array;
}

/**
 * At the places of the curve with most of them; the others are read between their points by straight lines, and not
 * beyond their ends, so that a run that stopped early counts for as far as it came. The deviation is that of a sample
 * (n − 1). Where no curve has a number, neither has the band.
 */
export function bandOf(curves: readonly Xy[]): Band {
  const x = curves.reduce<Float64Array>((most, curve) => (curve.x.length > most.length ? curve.x : most), new Float64Array());
  const { length } = x;
  const band: Band = { x, mean: new Float64Array(length).fill(NaN), low: new Float64Array(length).fill(NaN), high: new Float64Array(length).fill(NaN), count: new Int32Array(length) };
  const squares = new Float64Array(length);
  for (const curve of curves) {
    let next = 0;
    for (let at = 0; at < length; at += 1) {
      while (next < curve.x.length && curve.x[next]! < x[at]!) next += 1;
      const value = between(curve, next, x[at]!);
      if (!Number.isFinite(value)) continue;
      // Welford: sums of squares of large numbers would lose the small differences.
      const many = (band.count[at]! += 1);
      const before = many === 1 ? 0 : band.mean[at]!;
      const mean = before + (value - before) / many;
      squares[at]! += (value - before) * (value - mean);
      band.mean[at] = mean;
    }
  }
  for (let at = 0; at < length; at += 1) {
    const deviation = band.count[at]! > 1 ? Math.sqrt(squares[at]! / (band.count[at]! - 1)) : 0;
    band.low[at] = band.mean[at]! - deviation;
    band.high[at] = band.mean[at]! + deviation;
  }
  return band;
}

/** The curve at `place`, which lies at or before its point `next`. */
function between({ x, y }: Xy, next: number, place: number): number {
  if (next >= x.length) return NaN;
  if (x[next] === place) return y[next]!;
  if (next === 0) return NaN;
  const share = (place - x[next - 1]!) / (x[next]! - x[next - 1]!);
  return y[next - 1]! + (y[next]! - y[next - 1]!) * share;
}

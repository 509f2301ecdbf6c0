// The moving average that charts show over the raw line, which stays.
import type { Columns } from '../live/series.js';

type Averaged = Pick<Columns, 'length' | 'mean' | 'count' | 'nan'>;

/**
 * An exponential moving average over the points, corrected for its start as Adam's moments are. `weight` is what is
 * kept from one point to the next, from 0 (none) to below 1. A bucket counts as its points. Values that are no numbers
 * are passed over, and have none themselves.
 */
export function smooth({ length, mean, count, nan }: Averaged, weight: number): Float64Array {
  const smoothed = new Float64Array(length);
  let average = 0;
  let mass = 0;
  for (let at = 0; at < length; at += 1) {
    const value = mean[at]!;
    if (!Number.isFinite(value)) {
      smoothed[at] = NaN;
      continue;
    }
    const kept = weight ** Math.max(1, count[at]! - nan[at]!);
    average = average * kept + value * (1 - kept);
    mass = mass * kept + (1 - kept);
    smoothed[at] = average / mass;
  }
  return smoothed;
}

const kept = new WeakMap<Averaged, { version: number; weight: number; means: Float64Array }>();

/** The same, once for each version of a series: charts draw more often than curves grow. */
export function smoothed(series: Averaged & { readonly version: number }, weight: number): Float64Array {
  const known = kept.get(series);
  if (known?.version === series.version && known.weight === weight) return known.means;
  const means = smooth(series, weight);
  kept.set(series, { version: series.version, weight, means });
  return means;
}

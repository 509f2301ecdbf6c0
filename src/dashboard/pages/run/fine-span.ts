// Which part of a long curve is worth reading again: what is zoomed into and known only in buckets.
import { firstFrom, type Series } from '../../live/series.js';

export interface StepSpan {
  from: number;
  to: number;
}

/** Of what is seen, read beside it too: lines enter and leave the chart, and smoothing has to begin somewhere. */
const BESIDE = 0.25;

/**
 * The steps to read for those that are seen. Null where every point of them is known already, and where the curve still
 * grows in them: what was read would stand still.
 */
export function spanToRead(series: Series, seen: StepSpan, hasEnded: boolean): StepSpan | null {
  if (!hasEnded && seen.to > series.lastStep) return null;
  let at = firstFrom(series, seen.from);
  while (at < series.length && series.from[at]! <= seen.to && series.count[at] === 1) at += 1;
  if (at >= series.length || series.from[at]! > seen.to) return null;
  const beside = Math.ceil((seen.to - seen.from) * BESIDE);
  return { from: Math.max(0, Math.floor(seen.from) - beside), to: Math.ceil(seen.to) + beside };
}

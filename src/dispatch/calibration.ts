// A forecast knows of nobody who has not submitted yet, and on a crowded box those who come go first where they have
// used less. How much later runs started than was forecast, of late, says how much later they will. Pure.
import type { Standing } from './outlook.js';

/** Of the waits of earlier runs, each divided by what was forecast of it. */
export interface Calibration {
  /** Runs that it is taken from. */
  count: number;
  /** A tenth of them waited no longer than so much of it, half of them, nine tenths. */
  p10: number;
  p50: number;
  p90: number;
}

/** With fewer nothing is said. */
export const LEAST_RUNS = 20;

/** @param now milliseconds since the epoch, when the standing was found */
export function calibrated<T extends Pick<Standing, 'likely' | 'earliest' | 'latest'>>(standing: T, { count, p10, p50, p90 }: Calibration, now: number): T {
  const { likely, earliest, latest } = standing;
  if (count < LEAST_RUNS || likely === null || earliest === null) return standing;
  const after = (part: number) => now + Math.max(0, likely - now) * part;
  const expected = after(p50);
  return { ...standing, likely: expected, earliest: Math.min(earliest, after(p10), expected), latest: latest === null ? null : Math.max(latest, after(p90), expected) };
}

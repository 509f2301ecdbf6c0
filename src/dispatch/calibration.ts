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
/** However sure a forecast is: of a wait, and of what it takes to leave devices and to begin on them. */
const UNSURE_PART = 0.1;
const UNSURE_MS = 5_000;

type Times = Pick<Standing, 'likely' | 'earliest' | 'latest'>;

/** @param now milliseconds since the epoch, when the standing was found */
export function calibrated<T extends Times>(standing: T, { count, p10, p50, p90 }: Calibration, now: number): T {
  const { likely, earliest, latest } = standing;
  if (likely === null || earliest === null) return standing;
  if (count < LEAST_RUNS) return { ...standing, ...unsure({ likely, earliest, latest }, now) };
  const after = (part: number) => now + Math.max(0, likely - now) * part;
  const expected = after(p50);
  return { ...standing, ...unsure({ likely: expected, earliest: Math.min(earliest, after(p10), expected), latest: latest === null ? null : Math.max(latest, after(p90), expected) }, now) };
}

/** Nobody knows it to the second, also where it is a matter of limits alone. */
function unsure({ likely, earliest, latest }: { likely: number; earliest: number; latest: number | null }, now: number): Times {
  const spread = UNSURE_PART * Math.max(0, likely - now);
  return { likely, earliest: Math.min(earliest, likely - spread), latest: latest === null ? null : Math.max(latest, likely + spread + UNSURE_MS) };
}

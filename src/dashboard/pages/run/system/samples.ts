// What the trainer of a run used, moment by moment, as curves over time.
import type { RunEvent } from '../../../api/types.js';
import { Series } from '../../../live/series.js';

export type Sample = Extract<RunEvent, { kind: 'system' }>;

/** Series count in whole numbers: tenths of a second since the first sample. */
export const TICKS_PER_SECOND = 10;

/** Whether there are more than were read, given the number of the newest. */
export const hasMore = (read: readonly Sample[], newest: number): boolean => newest > (read.at(-1)?.seq ?? 0);

export interface UseCurves {
  rss: Series;
  tensors: Series;
  cpu: Series;
  /** Seconds from the first sample to the last. */
  seconds: number;
}

export function curvesOf(samples: readonly Sample[]): UseCurves {
  const [rss, tensors, cpu] = [new Series(), new Series(), new Series()];
  const startMs = samples[0] === undefined ? 0 : Date.parse(samples[0].at);
  let tick = 0;
  for (const { at, data: { rssBytes, tensorBytes, cpuPercent } } of samples) {
    // The trainers of two attempts need not agree on the time.
    tick = Math.max(tick + 1, Math.round(((Date.parse(at) - startMs) / 1000) * TICKS_PER_SECOND));
    rss.add(tick, rssBytes);
    if (tensorBytes !== undefined) tensors.add(tick, tensorBytes);
    cpu.add(tick, cpuPercent);
  }
  return { rss, tensors, cpu, seconds: tick / TICKS_PER_SECOND };
}

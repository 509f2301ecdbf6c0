// What became of the time that a run held devices: its attempts as stretches of one category each. Times are whole
// milliseconds, so that stretches add up to what was held, and days to their period, to the last one.
import type { DeviceKind } from '../schemas/device-kind.js';

/** One attempt of a run on devices of a box: a row of `device_uses`. */
export interface DeviceUse {
  runId: string;
  attempt: number;
  runName: string;
  teamId: string;
  team: string;
  user: string | null;
  box: string;
  deviceKind: DeviceKind;
  /** In devices. */
  share: number;
  queuedAt: Date;
  startedAt: Date;
  /** When its first step could begin; null where it never ran. */
  runningAt: Date | null;
  /** Null while it lasts. */
  endedAt: Date | null;
  /** The same, and while it lasts the end of its lease: the box may be off. Null where it has none. */
  heldUntil: Date | null;
  /** The run's state afterwards. */
  endedAs: string | null;
  firstStep: number;
  lastStep: number | null;
  /** The last step of the run's best epoch, once that is known. */
  bestStep: number | null;
  /** Where it did not come to its end: the last step of what its run has to show for it. */
  keptStep: number | null;
  /** When it did its last step; null where it did none. */
  progressedAt: Date | null;
}

/** Without a step for so long, and for as long as it took for so many, it hung. */
const HANG_MS = 60_000;
const HANG_STEPS = 10;

export const CATEGORIES = ['useful', 'afterBest', 'lost', 'idle'] as const;
export type Category = (typeof CATEGORIES)[number];

/** Milliseconds since the epoch; `to` is not part of it. */
export interface Period {
  from: number;
  to: number;
}

export interface Stretch extends Period {
  category: Category | 'waiting';
}

/** Of one use; `waiting` is no time on devices. */
export type Split = Record<Category | 'waiting', number>;

/**
 * The stretches of each use, in order and without a gap: it waits, is idle until its first step, computes, and is idle
 * again where it hung. Steps are taken to be even within an attempt. One that still lasts goes on until its lease ends.
 * @param uses all attempts of one run, in order: what was lost is told by those that came after, or by what is kept
 */
export function stretchesOf(uses: readonly DeviceUse[]): Stretch[][] {
  const last = uses.at(-1);
  // A run that was extended has another best before it: only the end of its last attempt tells.
  const best = last?.endedAt == null ? null : last.bestStep;
  let kept = last?.keptStep ?? Infinity;
  const latestFirst = uses.toReversed().map((use) => {
    const stretches = stretchesOfOne(use, { best: best ?? Infinity, kept });
    // Not of the next attempt alone: that one may have ended before it did a step, and another gone further back.
    kept = Math.min(kept, use.firstStep);
    return stretches;
  });
  return latestFirst.reverse();
}

/** @param about how many steps lead to the best epoch, and how many are kept and no later attempt did again */
function stretchesOfOne(use: DeviceUse, { best, kept }: { best: number; kept: number }): Stretch[] {
  const { queuedAt, startedAt, runningAt, endedAt, heldUntil, firstStep, lastStep } = use;
  const start = startedAt.getTime();
  // Times are of two machines: none before the one that it follows.
  const end = Math.max(start, heldUntil?.getTime() ?? Infinity);
  const waiting: Stretch = { category: 'waiting', from: Math.min(queuedAt.getTime(), start), to: start };
  const steps = (lastStep ?? firstStep) - firstStep;
  if (runningAt === null || (endedAt !== null && steps <= 0)) return [waiting, { category: 'idle', from: start, to: end }];
  const running = Math.min(end, Math.max(start, runningAt.getTime()));
  const idle: Stretch = { category: 'idle', from: start, to: running };
  if (endedAt === null) return [waiting, idle, { category: 'useful', from: running, to: end }];
  const computed = computedUntil(use, { running, end, steps });
  /** When so many steps of the run were done. */
  const timeOf = (step: number) => running + Math.round((computed - running) * (Math.min(steps, Math.max(0, step - firstStep)) / steps));
  const [bestAt, keptAt] = [timeOf(Math.min(best, kept)), timeOf(kept)];
  return [
    waiting, idle,
    { category: 'useful', from: running, to: bestAt }, { category: 'afterBest', from: bestAt, to: keptAt }, { category: 'lost', from: keptAt, to: computed },
    { category: 'idle', from: computed, to: end },
  ];
}

/** What has succeeded has written its model after the last step, which is work as well. */
function computedUntil({ progressedAt, endedAs }: DeviceUse, { running, end, steps }: { running: number; end: number; steps: number }): number {
  if (progressedAt === null || endedAs === 'succeeded') return end;
  const progressed = Math.min(end, Math.max(running, progressedAt.getTime()));
  return end - progressed > Math.max(HANG_MS, (HANG_STEPS * (progressed - running)) / steps) ? progressed : end;
}

/** Milliseconds of a period. */
export function splitOf(stretches: readonly Stretch[], { from, to }: Period): Split {
  const split: Split = { useful: 0, afterBest: 0, lost: 0, idle: 0, waiting: 0 };
  for (const stretch of stretches) split[stretch.category] += Math.max(0, Math.min(stretch.to, to) - Math.max(stretch.from, from));
  return split;
}

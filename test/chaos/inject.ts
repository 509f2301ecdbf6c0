// Carries out the strikes of a plan at their moments, and waits until their causes are gone.
import { setTimeout as delay } from 'node:timers/promises';
import type { Run } from '../../src/schemas/run.js';
import { until } from '../helpers/poll.js';
import { ask } from './ask.js';
import type { Plan, Strike } from './plan.js';
import { ENDED, find } from './runs.js';
import type { Stage } from './stage.js';
import { STRIKES } from './strikes.js';
import type { Watcher } from './watcher.js';

export interface Struck {
  strike: Strike;
  /** In ms since the epoch. */
  at: number;
  /** False where there was nothing to be hurt any more. */
  isHit: boolean;
}

export interface InjectOptions {
  stage: Stage;
  watcher: Watcher;
  /** Those under way, in the order of the plan. */
  runs: readonly Run[];
  /** Called when the first strike has begun. */
  onFirst(): void;
}

/** A moment that does not come, as its run is held up by the strike before, is not waited for any longer. */
const PATIENCE_MS = 8_000;

export async function inject({ strikes }: Plan, options: InjectOptions): Promise<Struck[]> {
  const { stage, watcher, onFirst } = options;
  const underWay: Promise<Struck>[] = [];
  for (const strike of strikes) {
    await momentOf(strike, options);
    const at = Date.now();
    const hit = STRIKES[strike.kind]({ stage, pick: strike.pick, lastsMs: strike.lastsMs, pauseRun: (pick) => pauseRun(pick, options), cutWatcher: () => watcher.cut() });
    const struck = hit.then((isHit) => ({ strike, at, isHit }));
    // Its failure is told at the end, and must not be an unhandled one until then.
    struck.catch(() => undefined);
    underWay.push(struck);
    if (strike === strikes[0]) onFirst();
  }
  return Promise.all(underWay);
}

async function momentOf({ when }: Strike, { watcher, runs }: InjectOptions): Promise<void> {
  if ('afterMs' in when) return delay(when.afterMs);
  const run = runs[when.run];
  if (run === undefined) return;
  await until(() => shareOf(run, watcher) >= when.share, { what: 'the moment of a strike', deadlineMs: PATIENCE_MS, everyMs: 10 }).catch(() => undefined);
}

/** How far a run is as its watcher sees it: -1 in the queue, 0 from its start, 1 when it is being finished. */
function shareOf({ id, progress }: Run, watcher: Watcher): number {
  const { events } = watcher.of(id);
  const state = events.findLast((event) => event.kind === 'state')?.data.state;
  if (state === 'finalizing' || (state !== undefined && ENDED.includes(state))) return 1;
  const measured = events.findLast((event) => event.kind === 'metrics');
  if (measured !== undefined) return (measured.data.steps.at(-1) ?? 0) / progress.totalSteps;
  return state === undefined || state === 'queued' ? -1 : 0;
}

async function pauseRun(pick: number, { stage: { address }, runs }: InjectOptions): Promise<boolean> {
  const found = await Promise.all(runs.map(({ id }) => find(address, id)));
  const active = found.filter(({ state }) => !ENDED.includes(state));
  const run = active[Math.floor(pick * active.length)];
  if (run === undefined) return false;
  const asked = await ask(address, `/v1/runs/${run.id}/pause`, { method: 'POST' });
  if (asked.status !== 202) return false;
  const rested = await until(async () => {
    const { state } = await find(address, run.id);
    return state === 'paused' || ENDED.includes(state) ? state : null;
  }, { what: `run ${run.id} to be paused`, deadlineMs: 60_000, everyMs: 50 });
  // It may have come to its end before it heard of the pause.
  if (rested !== 'paused') return false;
  const resumed = await ask(address, `/v1/runs/${run.id}/resume`, { method: 'POST' });
  // 409: an earlier try was heard although its answer got lost.
  return resumed.status === 202 || resumed.status === 409;
}

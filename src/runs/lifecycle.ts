// What may happen to a run once it is queued: claimed by a supervisor, kept alive by its lease, handed
// back, ended, or found dead. Used by supervisors and by the API's sweep; each step is fenced by attempt.
import type { ResumePoint } from '../artifacts/artifact-repository.js';
import type { Bus } from '../live/bus.js';
import type { Fence } from '../live/event-log.js';
import type { RunQueue } from '../queue/queue.js';
import { HELD_STATES, WORKING_STATES, type RunState } from '../portable/run-states.js';
import type { FailureReason, Run, RunReason } from '../schemas/run.js';
import { partsAfter, RETRIES } from './retry-policy.js';
import type { Changed, Extension, RunRepository, StateChange } from './run-repository.js';
import { NEXT_STATES } from '../run-states.js';

/** A database that takes longer for a question of a few rows is not well. */
const SLOW_ANSWER_MS = 500;

/** How an attempt ends that has not failed; after a pause the run has not ended. */
export interface RunEnd {
  state: 'succeeded' | 'cancelled' | 'paused';
  reason: RunReason | null;
  message: string | null;
  bestEpoch?: number | null;
  metrics?: Record<string, number>;
}

/** Why an attempt has failed. */
export interface Failure {
  state: 'failed';
  reason: FailureReason;
  message: string;
}

/** It has had all the time on devices that its spec allows. */
export const timeIsUp = (maxRuntimeSeconds: number | undefined): Failure => ({ state: 'failed', reason: 'timeout', message: `its time on devices is up: the spec allows ${maxRuntimeSeconds} s` });

/** A run as its attempt began. */
export type FailedRun = Pick<Run, 'id' | 'attempt' | 'spec' | 'gradientAccumulationSteps'>;

export interface LifecycleOptions {
  runs: RunRepository;
  queue: RunQueue;
  bus: Bus;
  /** How long a run survives without its supervisor's heartbeat. */
  leaseMs: number;
  /** Starts, not counting those after a pause or an orderly stop, before a run whose processes die is given up. */
  maxAttempts: number;
  now?: () => number;
  onError: (error: unknown, what: string) => void;
}

export type Lifecycle = ReturnType<typeof createLifecycle>;

export function createLifecycle({ runs, queue, bus, leaseMs, maxAttempts, now = Date.now, onError }: LifecycleOptions) {
  // While the database was away, those who hold leases could not renew them either; they are given the time to.
  let wasAway = true;
  let judgeFrom = 0;

  const leaseEnd = () => new Date(now() + leaseMs);

  /** Tells the world; the log is the truth, so a lost notice is only late news. */
  async function announce(changed: Changed | null): Promise<Run | null> {
    if (changed === null) return null;
    await bus.publishEvents({ runId: changed.run.id, head: changed.run.head, events: changed.events }).catch((error: unknown) => onError(error, 'publish'));
    return changed.run;
  }

  /** For a run that was to be paused or cancelled when its process went: it is. Null for others. */
  async function asWished({ runId, attempt }: Fence, why: string, when: { expiredBefore?: Date } = {}): Promise<Run | null> {
    const cancelled = await announce(await runs.change(runId, { to: 'cancelled', from: ['cancelling'], attempt, ...when, reason: 'user_cancel', message: `cancelled; ${why}` }));
    return cancelled ?? announce(await runs.change(runId, { to: 'paused', from: ['pausing'], attempt, ...when, reason: 'user_pause', message: `paused; ${why}` }));
  }

  /** The row is the truth, which the scheduler reads every few seconds: should this fail, it is only late. */
  async function requeue({ id, attempt }: { id: string; attempt: number }): Promise<void> {
    await queue.enqueue({ runId: id, attempt: attempt + 1 }).catch((error: unknown) => onError(error, 'enqueue'));
  }

  /** For a run that could be queued again, and would get a device only to be stopped there: it has failed. Null for others. */
  async function outOfTime({ runId, attempt }: Fence, from: readonly RunState[]): Promise<Run | null> {
    const time = await runs.timeOnDevices(runId);
    if (time === null || time.usedMs < 1000 * time.maxRuntimeSeconds) return null;
    const { state, ...why } = timeIsUp(time.maxRuntimeSeconds);
    return announce(await runs.change(runId, { to: state, attempt, from: from.filter((before) => NEXT_STATES[before].includes('queued')), ...why }));
  }

  /** Back into the queue, unless its time is up, or, where it was to be paused or cancelled, that; null where none of these may be. */
  async function queueAgain({ runId, attempt }: Fence, why: string, change: Omit<StateChange, 'to' | 'attempt'> & { from: readonly RunState[] }): Promise<Run | null> {
    const failed = await outOfTime({ runId, attempt }, change.from);
    if (failed !== null) return failed;
    const run = await announce(await runs.change(runId, { to: 'queued', attempt, ...change }));
    if (run === null) return asWished({ runId, attempt }, why);
    await requeue(run);
    return run;
  }

  /** `parts`: what is left to try where memory was too small. */
  async function afterFailure(fence: Fence, { reason, message }: Omit<Failure, 'state'>, { from = HELD_STATES, parts = null }: { from?: readonly RunState[]; parts?: number | null }): Promise<Run | null> {
    const failed = async (words: string) => announce(await runs.change(fence.runId, { to: 'failed', attempt: fence.attempt, from, reason, message: words }));
    switch (RETRIES[reason]) {
      case 'again': {
        const again = await queueAgain(fence, message, { from, retriesBelow: maxAttempts - 1, reason, message: `${message}; queued again` });
        return again ?? failed(`${message}, and it may be started ${maxAttempts} times at most when a process or a device is lost`);
      }
      case 'in parts': {
        if (parts === null) return failed(message);
        const again = await queueAgain(fence, message, { from, set: { gradientAccumulationSteps: parts }, reason, message: `${message}; queued again, with each batch in ${parts} parts` });
        return again ?? failed(message);
      }
      default:
        return failed(message);
    }
  }

  return {
    announce,

    /** Takes a queued run for `attempt`, with a box only where it has its place there; null when someone else has it or it is no longer wanted. */
    async claim({ runId, attempt }: Fence, owner: string, { resume, box }: { resume?: ResumePoint | undefined; box?: string } = {}): Promise<Run | null> {
      return announce(await runs.change(runId, { to: 'starting', from: ['queued'], attempt: attempt - 1, resume, placedIn: box, set: { attempt, leaseOwner: owner, leaseExpiresAt: leaseEnd() } }));
    },

    async advance({ runId, attempt }: Fence, to: 'running' | 'finalizing'): Promise<Run | null> {
      return announce(await runs.change(runId, { to, attempt }));
    },

    /** Ends the run, whatever it was doing; null when the fence no longer holds, as also when it waits for its next attempt. */
    async end({ runId, attempt }: Fence, { state, reason, message, ...set }: RunEnd): Promise<Run | null> {
      return announce(await runs.change(runId, { to: state, from: HELD_STATES, attempt, reason, message, set }));
    },

    /** Back into the queue where the retry policy says so, else failed; null when the attempt no longer holds the run. */
    fail: (run: FailedRun, failure: Failure) => afterFailure({ runId: run.id, attempt: run.attempt }, failure, { parts: partsAfter(run) }),

    /** Back into the queue, to be started anew by any worker; a run that was being cancelled is cancelled. */
    handBack: (fence: Fence, message: string) => queueAgain(fence, 'it had to leave its devices', { from: WORKING_STATES, reason: 'preempted', message }),

    /** A run that rests goes back into the queue, to go on from its latest state, with all its retries; null when it has changed. */
    async takeUp({ id, state, attempt }: Pick<Run, 'id' | 'state' | 'attempt'>, why: { reason: 'user_resume' | 'user_extend'; message: string; extension?: Extension }): Promise<Run | null> {
      const run = await announce(await runs.change(id, { to: 'queued', from: [state], attempt, ...why, set: { retries: 0 } }));
      if (run !== null) await requeue(run);
      return run;
    },

    /** Extends leases of `owner`; answers how each run stands that it still holds. */
    renew: (owner: string, ids: readonly string[]) => runs.renewLeases(owner, ids, leaseEnd()),

    /** Runs whose supervisor has gone have failed with that cause; cancelling ones are cancelled. */
    async sweepExpired(): Promise<void> {
      const expiredBefore = new Date(now());
      const expired = await runs.findExpired(expiredBefore).catch((error: unknown) => {
        wasAway = true;
        throw error;
      });
      // A database that hangs answers late instead of failing; those who hold runs have waited as long for theirs.
      const hung = now() - expiredBefore.getTime() > Math.max(SLOW_ANSWER_MS, leaseMs / 4);
      if (wasAway || hung) judgeFrom = now() + leaseMs / 2;
      wasAway = false;
      if (now() < judgeFrom) return;
      for (const run of expired) {
        if (run.state === 'cancelling' || run.state === 'pausing') {
          await asWished({ runId: run.id, attempt: run.attempt }, 'its worker had gone', { expiredBefore });
          continue;
        }
        if (run.state !== 'lost') {
          const message = `no heartbeat from its worker for ${leaseMs / 1000} s`;
          const lost = await announce(await runs.change(run.id, { to: 'lost', from: [run.state], attempt: run.attempt, expiredBefore, reason: 'worker_lost', message }));
          if (lost === null) continue;
        }
        await afterFailure({ runId: run.id, attempt: run.attempt }, { reason: 'worker_lost', message: 'its worker was lost' }, { from: ['lost'] });
      }
    },
  };
}

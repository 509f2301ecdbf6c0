// What may happen to a run once it is queued: claimed by a supervisor, kept alive by its lease, handed
// back, ended, or found dead. Used by supervisors and by the API's sweep; each step is fenced by attempt.
import type { Bus } from '../live/bus.js';
import type { Fence } from '../live/event-log.js';
import type { QueuedJob, RunQueue } from '../queue/queue.js';
import type { Run, RunReason } from '../schemas/run.js';
import type { Changed, Extension, ResumePoint, RunRepository } from './run-repository.js';
import { HELD_STATES, WORKING_STATES } from './states.js';

/** How an attempt ends; after a pause the run has not. */
export interface RunEnd {
  state: 'succeeded' | 'failed' | 'cancelled' | 'paused';
  reason: RunReason | null;
  message: string | null;
  bestEpoch?: number | null;
  metrics?: Record<string, number>;
}

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

  const givenUp = (what: string) => `${what}, and it may be started ${maxAttempts} times at most when a process is lost`;

  const nextJob = ({ id, attempt, priority }: { id: string; attempt: number; priority: number }): QueuedJob => ({ runId: id, attempt: attempt + 1, priority });

  async function requeue(run: { id: string; attempt: number; priority: number }): Promise<void> {
    await queue.enqueue(nextJob(run)).catch((error: unknown) => onError(error, 'enqueue'));
  }

  return {
    announce,

    /** Takes a queued run for `attempt`; null when someone else has it or it is no longer wanted. */
    async claim({ runId, attempt }: Fence, owner: string, resume?: ResumePoint): Promise<Run | null> {
      return announce(await runs.change(runId, { to: 'starting', from: ['queued'], attempt: attempt - 1, resume, set: { attempt, leaseOwner: owner, leaseExpiresAt: leaseEnd() } }));
    },

    async advance({ runId, attempt }: Fence, to: 'running' | 'finalizing'): Promise<Run | null> {
      return announce(await runs.change(runId, { to, attempt }));
    },

    /** Ends the run, whatever it was doing; null when the fence no longer holds, as also when it waits for its next attempt. */
    async end({ runId, attempt }: Fence, { state, reason, message, ...set }: RunEnd): Promise<Run | null> {
      return announce(await runs.change(runId, { to: state, from: HELD_STATES, attempt, reason, message, set }));
    },

    /** Back to the queue because its trainer was lost, while retries remain; else the run has failed. */
    async retry({ runId, attempt }: Fence, cause: { reason: RunReason; message: string }): Promise<Run | null> {
      const run = await announce(await runs.change(runId, { to: 'queued', from: WORKING_STATES, attempt, retriesBelow: maxAttempts - 1, reason: cause.reason, message: `${cause.message}; queued again` }));
      if (run === null) {
        const stopped = await asWished({ runId, attempt }, cause.message);
        return stopped ?? announce(await runs.change(runId, { to: 'failed', from: HELD_STATES, attempt, reason: cause.reason, message: givenUp(cause.message) }));
      }
      await requeue(run);
      return run;
    },

    /** Back to the queue, to be started anew by any worker; a run that was being cancelled is cancelled. */
    async handBack({ runId, attempt }: Fence, message: string): Promise<Run | null> {
      const run = await announce(await runs.change(runId, { to: 'queued', from: WORKING_STATES, attempt, reason: 'preempted', message }));
      if (run === null) return asWished({ runId, attempt }, 'its worker was stopped');
      await requeue(run);
      return run;
    },

    /** A run that rests goes back into the queue, to go on from its latest state, with all its retries; null when it has changed. */
    async takeUp({ id, state, attempt }: Pick<Run, 'id' | 'state' | 'attempt'>, why: { reason: 'user_resume' | 'user_extend'; message: string; extension?: Extension }): Promise<Run | null> {
      const run = await announce(await runs.change(id, { to: 'queued', from: [state], attempt, ...why, set: { retries: 0 } }));
      if (run !== null) await requeue(run);
      return run;
    },

    /** Extends leases of `owner`; answers the state of each run it still holds. */
    renew: (owner: string, ids: readonly string[]) => runs.renewLeases(owner, ids, leaseEnd()),

    /** Runs whose supervisor has gone: queued again while attempts remain, else failed; cancelling ones are cancelled. */
    async sweepExpired(): Promise<void> {
      const expiredBefore = new Date(now());
      const expired = await runs.findExpired(expiredBefore).catch((error: unknown) => {
        wasAway = true;
        throw error;
      });
      if (wasAway) judgeFrom = now() + leaseMs / 2;
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
        const again = { from: ['lost'], attempt: run.attempt, reason: 'worker_lost' } as const;
        if (await announce(await runs.change(run.id, { to: 'queued', ...again, retriesBelow: maxAttempts - 1, message: 'queued again' }))) await requeue(run);
        else await announce(await runs.change(run.id, { to: 'failed', ...again, message: givenUp('its worker was lost') }));
      }
    },

    /** Puts queued runs into the queue that are missing there: committed but never queued, or a queue rebuilt. */
    async sweepQueued(): Promise<void> {
      const { waiting } = await queue.counts();
      if (waiting >= (await runs.countQueued())) return;
      await queue.enqueueAll((await runs.findQueued()).map(nextJob));
    },
  };
}

// How long a slot that becomes free waits for its next run, while thousands are queued: the steps of a supervisor
// from the end of one run to the claim of the next.
import { consumeRuns } from '../../src/queue/bullmq-consumer.js';
import type { RunJob } from '../../src/queue/queue.js';
import type { Stack } from './stack.js';

/** Times in ms from the moment when the slot was free. */
export interface Claims {
  /** Until the queue has handed out a job. */
  taken: number[];
  /** Until the claim of its run is decided. */
  decided: number[];
}

export async function measureClaims({ stores }: Stack, count: number): Promise<Claims> {
  const { lifecycle, queueConnection } = stores;
  const claims: Claims = { taken: [], decided: [] };
  let freeAt = NaN;
  let finish: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const finished = new Promise<void>((resolve, reject) => ([finish, fail] = [resolve, reject]));

  async function handle(job: RunJob): Promise<void> {
    if (claims.decided.length === count) return;
    const takenAt = performance.now();
    const run = await lifecycle.claim(job, 'bench');
    if (run === null) return fail(new Error(`run ${job.runId} was not to be had`));
    if (!Number.isNaN(freeAt)) {
      claims.taken.push(takenAt - freeAt);
      claims.decided.push(performance.now() - freeAt);
    }
    await lifecycle.fail(run, { state: 'failed', reason: 'internal', message: 'a bench does not train' });
    freeAt = performance.now();
    if (claims.decided.length === count) finish();
  }

  const consumer = consumeRuns(queueConnection, { concurrency: 1, lockDurationMs: 15_000, handler: handle, onError: fail });
  try {
    await finished;
  } finally {
    await consumer.close();
  }
  return claims;
}

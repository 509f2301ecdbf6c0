// What becomes of a run whose attempt has failed.
import t from 'tap';
import { RETRIES } from '../../../src/runs/retry-policy.js';
import type { FailureReason, Run } from '../../../src/schemas/run.js';
import { newRun } from '../../contracts/subject.js';
import { createFakeServices, TEAM } from '../../fakes/services.js';

const failure = (reason: FailureReason) => ({ state: 'failed', reason, message: 'for the test' }) as const;

/** A service with one run, whose attempts `start` starts. */
async function withRun(spec: object = {}) {
  const { lifecycle, runRepository, queue } = createFakeServices();
  const { run: { id } } = await runRepository.create(newRun(TEAM, { spec }));
  let held: Run | null = null;
  return {
    runRepository, queue, id,
    async start() {
      held = await lifecycle.claim({ runId: id, attempt: (held?.attempt ?? 0) + 1 }, 'a box');
      await lifecycle.advance({ runId: id, attempt: held!.attempt }, 'running');
    },
    fail: (reason: FailureReason) => lifecycle.fail(held!, failure(reason)),
  };
}

for (const [reason, retry] of Object.entries(RETRIES) as [FailureReason, string][]) {
  t.test(`after ${reason}: ${retry}`, async (t) => {
    const { start, fail, queue, id } = await withRun();
    await start();
    const run = await fail(reason);
    if (retry === 'never') {
      t.match(run, { state: 'failed', reason, message: 'for the test', retries: 0 });
      t.same(queue.waiting, [], 'nothing is to be done');
      return;
    }
    t.match(run, { state: 'queued', reason, message: /^for the test; queued again/, gradientAccumulationSteps: retry === 'in parts' ? 2 : 1, retries: retry === 'in parts' ? 0 : 1 });
    t.match(queue.waiting, [{ runId: id, attempt: 2 }], 'its next attempt is in the queue');
    t.equal(await fail(reason), null, 'hearing of it once more, because the answer got lost, changes nothing');
    await start();
    if (retry === 'again') {
      t.equal((await fail(reason))?.state, 'queued', 'a second time');
      await start();
    }
    t.match(await fail(reason), { state: 'failed', reason, message: retry === 'again' ? /^for the test.* 3 times at most/ : 'for the test' }, 'but not for ever');
  });
}

t.test('a batch of one example has no parts', async (t) => {
  const { start, fail } = await withRun({ fit: { batchSize: 1, epochs: 1 } });
  await start();
  t.match(await fail('out_of_gpu_memory'), { state: 'failed', gradientAccumulationSteps: 1 });
});

t.test('a run that was to be stopped is not started again', async (t) => {
  for (const [wish, state, reason] of [['cancelling', 'cancelled', 'trainer_lost'], ['pausing', 'paused', 'trainer_lost'], ['cancelling', 'cancelled', 'out_of_gpu_memory']] as const) {
    const { start, fail, runRepository, id, queue } = await withRun();
    await start();
    await runRepository.change(id, { to: wish });
    t.match(await fail(reason), { state, message: `${state}; for the test` });
    t.same(queue.waiting, []);
  }
});

// What becomes of a run whose attempt has failed.
import t from 'tap';
import { RETRIES } from '../../../src/runs/retry-policy.js';
import type { FailureReason } from '../../../src/schemas/run.js';
import { newRun } from '../../contracts/subject.js';
import { createFakeServices, TEAM } from '../../fakes/services.js';

const failure = (reason: FailureReason) => ({ state: 'failed', reason, message: 'for the test' }) as const;

/** A service with one run, whose attempts `start` starts. */
async function withRun() {
  const { lifecycle, runRepository, queue } = createFakeServices();
  const { run } = await runRepository.create(newRun(TEAM));
  let attempt = 0;
  return {
    lifecycle, runRepository, queue, id: run.id,
    async start() {
      attempt += 1;
      await lifecycle.claim({ runId: run.id, attempt }, 'a box');
      return (await lifecycle.advance({ runId: run.id, attempt }, 'running'))!;
    },
    fail: (reason: FailureReason) => lifecycle.fail({ runId: run.id, attempt }, failure(reason)),
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
    t.match(run, { state: 'queued', reason, message: /^for the test; queued again/ });
    t.match(queue.waiting, [{ runId: id, attempt: 2 }], 'its next attempt is in the queue');
    t.equal(await fail(reason), null, 'hearing of it once more, because the answer got lost, changes nothing');
    await start();
    t.equal((await fail(reason))?.state, 'queued', 'a second time');
    await start();
    t.match(await fail(reason), { state: 'failed', reason, message: /^for the test.* 3 times at most/, retries: 2 }, 'but not for ever');
  });
}

t.test('a run that was to be stopped is not started again', async (t) => {
  for (const [wish, state] of [['cancelling', 'cancelled'], ['pausing', 'paused']] as const) {
    const { start, fail, runRepository, id, queue } = await withRun();
    await start();
    await runRepository.change(id, { to: wish });
    t.match(await fail('trainer_lost'), { state, message: `${state}; for the test` });
    t.same(queue.waiting, []);
  }
});

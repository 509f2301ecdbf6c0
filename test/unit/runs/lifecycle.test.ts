// What keeps queue and database in step.
import t from 'tap';
import { createLifecycle } from '../../../src/runs/lifecycle.js';
import { newRun } from '../../contracts/subject.js';
import { FakeQueue, SilentBus } from '../../fakes/queue.js';
import { FakeRecords } from '../../fakes/records.js';
import { createFakeRunRepository } from '../../fakes/run-repository.js';

t.test('runs that are missing in the queue are put there', async (t) => {
  const runs = createFakeRunRepository(new FakeRecords());
  const queue = new FakeQueue();
  const lifecycle = createLifecycle({ runs, queue, bus: new SilentBus(), leaseMs: 1000, maxAttempts: 3, onError: (error) => t.fail(String(error)) });
  const ids: string[] = [];
  for (const priority of [0, 5, 0]) ids.push((await runs.create(newRun('team', { spec: { priority } }))).run.id);
  const [low, high, last] = ids as [string, string, string];
  await runs.change(last, { to: 'cancelled' });
  const waiting = () => queue.waiting.map(({ runId, attempt, priority }) => [runId, attempt, priority]);

  await lifecycle.sweepQueued();
  t.strictSame(waiting(), [[high, 1, 5], [low, 1, 0]], 'all that are queued, the most urgent first, for their next attempt');
  await queue.remove({ runId: high, attempt: 1 });
  await lifecycle.sweepQueued();
  t.strictSame(waiting(), [[low, 1, 0], [high, 1, 5]], 'the one that was lost');
  queue.enqueueAll = () => Promise.reject(new Error('nothing is missing'));
  await t.resolves(lifecycle.sweepQueued(), 'a whole queue is left alone');
});

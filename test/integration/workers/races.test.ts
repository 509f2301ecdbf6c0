// What happens at once: stopping while a run is taken, ends or is cancelled; a supervisor that was too slow for
// its lease. (Files that are freed while others store the same bytes: freeing.test.ts.)
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { until } from '../../helpers/poll.js';
import { box } from './harness.js';

/** Resolved from outside. */
function signal(): { seen: Promise<void>; give(): void } {
  let give = () => {};
  const seen = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { seen, give: () => give() };
}

function trainers(name: string): number {
  try {
    return execFileSync('pgrep', ['-P', String(process.pid), '-f', `trainers/${name}.js`], { encoding: 'utf8' }).trim().split('\n').length;
  } catch {
    return 0;
  }
}

t.test('a run that is claimed while its supervisor stops is handed back untrained', async (t) => {
  const { submit, supervise, stores, reaches } = await box(t);
  const claimed = signal();
  const stopping = signal();
  const claim: typeof stores.lifecycle.claim = async (...args) => {
    const run = await stores.lifecycle.claim(...args);
    claimed.give();
    await stopping.seen;
    return run;
  };
  const supervisor = await supervise('waits', { stores: { lifecycle: { ...stores.lifecycle, claim } } });
  const { id } = await submit();
  await claimed.seen;
  const stopped = supervisor.stop();
  stopping.give();
  t.match(await reaches(id, ['queued', 'running']), { state: 'queued', reason: 'preempted', attempt: 1 });
  await stopped;
  t.equal(trainers('waits'), 0, 'no trainer was left');
});

t.test('a run whose trainer has said that it succeeded is not trained again because its supervisor stops', async (t) => {
  const { submit, supervise, story, runs, teamId } = await box(t, { cancelGraceMs: 60_000 });
  const supervisor = await supervise('lingers');
  const { id } = await submit();
  await until(async () => (await story(id)).includes('metrics'), { what: 'the end to be said' });
  await supervisor.stop();
  t.match(await runs.get(teamId, id), { state: 'succeeded', attempt: 1 });
});

t.test('a cancelling run ends as cancelled when its supervisor stops', async (t) => {
  const { submit, supervise, reaches, runs, teamId } = await box(t, { cancelGraceMs: 5_000, leaseMs: 30_000 });
  const supervisor = await supervise('hangs');
  const { id } = await submit();
  await reaches(id, ['running']);
  await runs.cancel(teamId, id);
  await supervisor.stop();
  t.match(await runs.get(teamId, id), { state: 'cancelled', reason: 'user_cancel' });
});

t.test('a supervisor that is given a run again, whose lease it was too slow for, trains the new attempt only', async (t) => {
  const { submit, supervise, stores, reaches, ends, runs, teamId } = await box(t, { cancelGraceMs: 60_000 });
  await supervise('waits');
  const { id } = await submit();
  await reaches(id, ['running']);
  // As another process' sweep does it.
  t.ok(await stores.runs.change(id, { to: 'lost', attempt: 1 }));
  t.ok(await stores.runs.change(id, { to: 'queued', attempt: 1 }));
  await stores.queue.enqueue({ runId: id, attempt: 2 });
  await until(async () => (await runs.get(teamId, id)).attempt === 2, { what: 'the second attempt' });
  await reaches(id, ['running']);
  await until(() => trainers('waits') === 1, { what: 'the trainer of the first attempt to go' });
  await runs.cancel(teamId, id);
  t.match(await ends(id), { state: 'cancelled', attempt: 2 }, 'the second attempt hears the cancel');
});

t.test('a supervisor starts while the queue is away', async (t) => {
  const { submit, supervise, reaches, ends, stores } = await box(t);
  await supervise('succeeds', { stores: { queueConnection: { kind: 'redis', url: 'redis://127.0.0.1:1/0' } } });
  const { id } = await submit();
  await until(async () => (await stores.placements.placed()).some((run) => run.id === id), { what: 'the run to have a place' });
  t.match(await reaches(id, ['queued']), { attempt: 0 }, 'which it cannot be handed to');
  await supervise('succeeds');
  t.match(await ends(id), { state: 'succeeded' }, 'a supervisor of the same box with a queue takes it');
});

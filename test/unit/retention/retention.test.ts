import t, { type Test } from 'tap';
import { applyRetention } from '../../../src/retention/retention.js';
import { createFakeRetentionRepository } from '../../fakes/retention.js';
import { startApi } from '../../helpers/api.js';
import { runningRun } from '../../helpers/trained-run.js';

const DAY_MS = 24 * 3600_000;

/** Two runs that ended just now, with a state of each and a model that they share. */
async function stage(t: Test) {
  const api = await startApi(t);
  const said: string[] = [];
  for (const state of ['one', 'two']) {
    const { id } = await runningRun(api);
    const fence = { runId: id, attempt: 1 };
    await api.artifacts.addCheckpoint(fence, { kind: 'resume', epoch: 0, step: 1, metrics: {}, path: 'states/1', files: [{ path: 'states/1', contentType: '', ...api.store.add(state) }] });
    await api.artifacts.addCheckpoint(fence, { kind: 'final', epoch: 1, step: 1, metrics: {}, path: 'model', files: [{ path: 'model/x', contentType: '', ...api.store.add('model') }] });
    await api.runRepository.change(id, { to: 'failed', attempt: 1, reason: 'internal' });
  }
  const apply = (days: { states: number | null; runs: number | null }, afterDays: number) =>
    applyRetention({
      ...api, retention: createFakeRetentionRepository(api.records), now: () => Date.now() + afterDays * DAY_MS,
      stateRetentionMs: days.states === null ? null : days.states * DAY_MS, runRetentionMs: days.runs === null ? null : days.runs * DAY_MS,
      log: { info: (_details: unknown, message?: string) => void said.push(message ?? '') },
    });
  const stored = () => [...api.store.files.values()].map(String).sort();
  return { ...api, apply, stored, said };
}

t.test('training states go after their time, with their bytes', async (t) => {
  const { apply, stored, records, said } = await stage(t);
  await apply({ states: 30, runs: null }, 29);
  t.strictSame(stored(), ['model', 'one', 'two'], 'not before');
  await apply({ states: 30, runs: null }, 31);
  t.strictSame(stored(), ['model'], 'the models stay');
  t.equal(records.runs.size, 2, 'and so do the runs');
  t.strictSame(said, ['training states dropped of runs that ended long ago']);
});

t.test('runs go after theirs, with all that they have', async (t) => {
  const { apply, stored, records, said } = await stage(t);
  await apply({ states: null, runs: 90 }, 89);
  t.equal(records.runs.size, 2, 'not before');
  await apply({ states: null, runs: 90 }, 91);
  t.equal(records.runs.size, 0);
  t.strictSame(stored(), []);
  t.match(said, [/^run deleted/, /^run deleted/], 'the log names each');
});

t.test('without a time all is kept for ever', async (t) => {
  const { apply, stored, said } = await stage(t);
  await apply({ states: null, runs: null }, 36_500);
  t.strictSame(stored(), ['model', 'one', 'two']);
  t.strictSame(said, []);
});

import t, { type Test } from 'tap';
import { ORPHAN_GRACE_MS, sweepOrphans } from '../../../src/artifacts/orphan-sweep.js';
import { startApi } from '../../helpers/api.js';
import { runningRun } from '../../helpers/trained-run.js';

const MINUTE_MS = 60_000;

/** A store with a file of a run and an orphan, both of this moment. */
async function stage(t: Test) {
  const api = await startApi(t);
  const { id } = await runningRun(api);
  const [kept, orphan] = [api.store.add('kept'), api.store.add('orphan')];
  await api.artifacts.addCheckpoint({ runId: id, attempt: 1 }, { kind: 'final', epoch: 1, step: 1, metrics: {}, path: 'model', files: [{ path: 'model/x', contentType: '', ...kept }] });
  const said: unknown[] = [];
  const log = { info: (...args: unknown[]) => void said.push(args), warn: (...args: unknown[]) => void said.push(args) };
  const sweep = (afterMs: number, owner = 'this database') => sweepOrphans({ ...api, owner, log, now: () => Date.now() + afterMs });
  return { ...api, kept: kept.sha256, orphan: orphan.sha256, said, sweep };
}

t.test('files that no run refers to go after their grace', async (t) => {
  const { store, sweep, kept, orphan, said } = await stage(t);
  await sweep(ORPHAN_GRACE_MS - MINUTE_MS);
  t.strictSame([...store.files.keys()], [kept, orphan], 'not before: it may be on its way into the index');
  await sweep(ORPHAN_GRACE_MS + MINUTE_MS);
  t.strictSame([...store.files.keys()], [kept]);
  t.match(said, [[{ files: 1 }, 'files that no run refers to are freed']], 'the log says it once');
});

t.test('so do files that a kill left half put', async (t) => {
  const { store, sweep, kept, said } = await stage(t);
  store.files.delete([...store.files.keys()].find((sha256) => sha256 !== kept) ?? '');
  store.incoming = [Date.now(), Date.now() + 2 * MINUTE_MS];
  await sweep(ORPHAN_GRACE_MS + MINUTE_MS);
  t.equal(store.incoming.length, 1, 'the later one is perhaps being put');
  t.match(said, [[{ files: 1 }, String]]);
});

t.test('a store that another database came to first is left alone', async (t) => {
  const { store, sweep, said } = await stage(t);
  await sweep(0, 'another database');
  await sweep(2 * ORPHAN_GRACE_MS);
  t.equal(store.files.size, 2, 'what looks like orphans are its files');
  t.match(said, [[/of another database/]], 'the log says so');
});

t.test('while the index is away nothing goes', async (t) => {
  const { store, sweep, records } = await stage(t);
  records.down = new Error('away');
  await t.rejects(sweep(2 * ORPHAN_GRACE_MS), { message: 'away' });
  t.equal(store.files.size, 2);
});

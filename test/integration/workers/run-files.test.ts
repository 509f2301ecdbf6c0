// What of a trainer's files is kept, on a real disk over a fake index.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createDiskArtifactStore } from '../../../src/artifacts/store.js';
import { FencedError } from '../../../src/live/event-log.js';
import { RunFiles } from '../../../workers/run-files.js';
import { startApi } from '../../helpers/api.js';
import { runningRun } from '../../helpers/trained-run.js';

async function stage(t: Test, checkpoints: object) {
  const { artifacts, ...api } = await startApi(t);
  const { id, spec } = await runningRun({ artifacts, ...api });
  const folder = t.testdir({ scratch: {}, stored: {} });
  const scratch = join(folder, 'scratch');
  const store = createDiskArtifactStore(join(folder, 'stored'));
  const files = new RunFiles({ fence: { runId: id, attempt: 1 }, spec: { ...spec, checkpoints }, scratch, store, artifacts });
  const keepStates = async (count: number) => {
    for (let step = 1; step <= count; step += 1) {
      writeFileSync(join(scratch, `state-${step}`), `state ${step}`);
      await files.keepState({ type: 'checkpoint', file: `state-${step}`, epoch: step, step, metrics: { val_accuracy: -step } });
    }
  };
  const keepModel = () => {
    writeFileSync(join(scratch, 'weights.bin'), 'weights');
    return files.keepModel({ type: 'artifacts', files: [{ path: 'model/weights.bin', file: 'weights.bin', contentType: '' }], epoch: 1, step: 9, metrics: {} });
  };
  const steps = async () => (await artifacts.resumeCheckpoints(id)).map(({ step }) => step);
  const storedCount = () => readdirSync(join(folder, 'stored'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
  return { files, artifacts, keepStates, keepModel, steps, storedCount, scratch, store, records: api.records };
}

t.test('the latest two states are kept while a run trains, and one when its model is there', async (t) => {
  const { keepStates, keepModel, steps, storedCount, scratch } = await stage(t, {});
  await keepStates(3);
  t.strictSame(await steps(), [3, 2]);
  t.equal(storedCount(), 2, 'the bytes of the others are freed');
  t.match(await keepModel(), [{ kind: 'artifact', data: { path: 'model/weights.bin', bytes: 7 } }, { kind: 'checkpoint', data: { kind: 'final' } }]);
  t.strictSame(await steps(), [3], 'from which the run can go on');
  t.equal(storedCount(), 2, 'a state and the weights');
  t.strictSame(readdirSync(scratch), [], 'and nothing is left where they were written');
});

t.test('what a spec asks for is kept after the end as well', async (t) => {
  const { keepStates, keepModel, steps } = await stage(t, { keepLast: 2, keepBest: 1, monitor: 'val_accuracy' });
  await keepStates(4);
  await keepModel();
  t.strictSame(await steps(), [4, 3, 1]);
});

t.test('what cannot be put into the index is not left in the store', async (t) => {
  const { keepStates, keepModel, storedCount, records } = await stage(t, {});
  records.runs.clear();
  await t.rejects(keepStates(1), FencedError);
  await t.rejects(keepModel(), FencedError);
  t.equal(storedCount(), 0);
});

t.test('a state whose index could not be reached is freed when a later one is worth more, unless it has come into the index', async (t) => {
  const { files, artifacts, keepStates, steps, storedCount, scratch } = await stage(t, {});
  const { addCheckpoint } = artifacts;
  const away = Object.assign(new Error('no answer'), { code: 'ECONNRESET' });
  artifacts.addCheckpoint = async () => Promise.reject(away);
  await t.rejects(keepStates(1), away);
  t.equal(storedCount(), 1, 'to be put into the index when it is tried again');
  await files.drop('state-1');
  t.equal(storedCount(), 0);
  t.strictSame(readdirSync(scratch), []);
  artifacts.addCheckpoint = async (...all) => {
    await addCheckpoint(...all);
    throw away;
  };
  await t.rejects(keepStates(1), away, 'the answer alone is lost');
  await files.drop('state-1');
  t.equal(storedCount(), 1);
  t.strictSame(await steps(), [1], 'it can be gone on from');
});

t.test('a disk that frees nothing costs the run nothing', async (t) => {
  const { keepStates, keepModel, steps, store, storedCount } = await stage(t, {});
  store.remove = async () => Promise.reject(Object.assign(new Error('read-only file system'), { code: 'EROFS' }));
  await keepStates(3);
  await keepModel();
  t.strictSame(await steps(), [3], 'the others are out of the index');
  t.equal(storedCount(), 4, 'their bytes wait for the sweep');
});

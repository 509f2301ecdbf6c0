// One trainer per way to die or misbehave; each run ends in a state with a cause, and the log says how.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { scratchDir } from '../../../src/config.js';
import { pointsOf } from '../../contracts/subject.js';
import { until } from '../../helpers/poll.js';
import { box, SPEC } from './harness.js';

/** Hashes of all that is in the store which has this file. */
function storedHashes(file: string): string[] {
  const store = dirname(dirname(file));
  return readdirSync(store).flatMap((folder) => readdirSync(`${store}/${folder}`));
}

t.test('a trainer that does its work leaves a succeeded run, its curve and its model', async (t) => {
  const { submit, supervise, ends, story, stores, runs, teamId, config } = await box(t);
  await supervise('succeeds');
  const run = await ends((await submit()).id);
  t.equal(run.state, 'succeeded');
  t.equal(run.backend, 'cpu', 'its backend is on the row');
  t.same(
    (await story(run.id)).filter((entry) => entry.startsWith('state')),
    ['state:queued', 'state:starting', 'state:running', 'state:finalizing', 'state:succeeded'],
    'it went through every state, in order',
  );
  t.same(await pointsOf(stores.metrics, run.id, 'batch/loss'), { steps: [1, 2, 3], values: [1, 1 / 2, 1 / 3] });
  const [model] = await stores.artifacts.list(run.id);
  t.match(model, { path: 'model/model.json', bytes: 14 });
  t.ok(model && (await stores.store.has(model.sha256)), 'its bytes are in the store');
  await until(() => readdirSync(scratchDir(config)).length === 0, { what: 'the scratch folder to go' });

  await runs.delete(teamId, run.id);
  t.notOk(model && existsSync((await stores.store.localFile(model.sha256)).path), 'deleting the run frees its bytes');
  await t.rejects(runs.get(teamId, run.id), { code: 'not_found' });
});

const deaths = [
  { trainer: 'crashes', reason: 'trainer_lost', message: /a kernel went wrong.*started 3 times at most/, attempts: 3 },
  { trainer: 'exits', reason: 'trainer_lost', message: /code 0 before its run had ended/, attempts: 3 },
  { trainer: 'misses-its-device', reason: 'device_missing', message: /no CUDA device.*started 3 times at most/, attempts: 3 },
  { trainer: 'runs-out-of-memory', reason: 'out_of_memory', message: /out of memory/, attempts: 1 },
  { trainer: 'loses-its-file', reason: 'internal', message: /./, attempts: 1 },
  { trainer: 'reports-what-cannot-be-stored', reason: 'internal', message: /could not be stored/, attempts: 1 },
] as const;
for (const { trainer, reason, message, attempts } of deaths) {
  t.test(`a trainer that ${trainer.replaceAll('-', ' ')} leaves a failed run with the cause ${reason}`, async (t) => {
    const { submit, supervise, ends, config } = await box(t);
    await supervise(trainer, { env: trainer === 'runs-out-of-memory' ? { NODE_OPTIONS: '--max-old-space-size=32' } : {} });
    const run = await ends((await submit()).id);
    t.equal(run.state, 'failed');
    t.equal(run.reason, reason);
    t.match(run.message, message);
    t.match(run, { attempt: attempts, retries: attempts - 1 }, attempts === 1 ? 'it is not tried again' : 'it was tried again');
    await until(() => readdirSync(scratchDir(config)).length === 0, { what: 'the scratch folder to go' });
  });
}

t.test('a trainer that speaks nonsense is not believed, and not fatal', async (t) => {
  const { submit, supervise, ends } = await box(t);
  await supervise('speaks-nonsense');
  t.equal((await ends((await submit()).id)).state, 'succeeded');
});

t.test('a run whose trainer is killed is started again, until it has been too often', async (t) => {
  const { submit, supervise, ends, stores, runs, teamId } = await box(t);
  await supervise('waits');
  const { id } = await submit();
  const { execFileSync } = await import('node:child_process');
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await until(async () => {
      const run = await runs.get(teamId, id);
      return run.state === 'running' && run.attempt === attempt;
    }, { what: `attempt ${attempt} to run`, deadlineMs: 20_000 });
    const trainers = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'trainers/waits.js'], { encoding: 'utf8' }).trim().split('\n');
    for (const pid of trainers) process.kill(Number(pid), 'SIGKILL');
  }
  const run = await ends(id);
  t.match(run, { state: 'failed', reason: 'trainer_lost', message: /SIGKILL/, attempt: 3, retries: 2 });
  t.match(run.transitions.filter(({ state }) => state === 'queued').slice(1), [{ reason: 'trainer_lost', message: /SIGKILL.*queued again/ }, { reason: 'trainer_lost' }], 'its life says why');
  t.equal(run.head, (await stores.events.heads([id])).get(id), 'the run knows its head');
});

t.test('training states are kept as the spec says, and a new attempt goes on from the latest that is sound', async (t) => {
  const { submit, supervise, ends, stores, story } = await box(t);
  await supervise('keeps-its-state');
  const run = await ends((await submit()).id);
  t.match(run, { state: 'succeeded', attempt: 2, retries: 1 });
  const log = (await stores.events.read(run.id, { after: 0, limit: 100, kinds: ['log'] })).items;
  t.match(log.at(-1), { data: { message: 'from step 3: state 3' } }, 'it was told the latest, and could read it');
  t.same((await stores.artifacts.resumeCheckpoints(run.id)).map(({ step }) => step), [3, 2], 'the last two are kept');
  t.same(await pointsOf(stores.metrics, run.id, 'batch/loss'), { steps: [1, 2, 3, 4], values: [1, 0.5, 1 / 3, 0.25] }, 'each point is there once, although the first attempt had come further');
  t.equal((await story(run.id)).filter((entry) => entry === 'checkpoint').length, 3, 'the log says what was kept');
  const kept = (await stores.artifacts.list(run.id)).map(({ sha256 }) => sha256);
  t.same(storedHashes((await stores.store.localFile(kept[0]!)).path).sort(), kept.sort(), 'and nothing else is left in the store');
});

t.test('a run whose GPU is missing goes on with another, and nothing is placed on the first', async (t) => {
  const { submit, supervise, ends, runs, teamId, stores } = await box(t);
  await supervise('misses-its-device', { simulatedGpus: { count: 2, memoryMiB: 16_384 }, env: { FOUND_AT: '2' } });
  const onGpu = { ...SPEC, resources: { device: 'gpu' } };
  const { id } = await submit(onGpu);
  t.match(await ends(id), { state: 'succeeded', attempt: 2, retries: 1, placement: { devices: ['gpu:1'] } });
  t.match((await runs.get(teamId, id)).transitions.find(({ reason }) => reason === 'device_missing'), { state: 'queued', message: 'no CUDA device; queued again' }, 'its life says why');
  const [worker] = await stores.workers.listAlive(60_000);
  t.match(worker?.devices, [{ id: 'gpu:0', slots: 0 }, { id: 'gpu:1', slots: 8 }, { id: 'cpu' }]);
});

t.test('a run that is placed on a device that has gone starts again on one that is there', async (t) => {
  const { submit, supervise, ends, runs, teamId, stores } = await box(t);
  const { id } = await submit();
  await stores.database.run.update({ where: { id }, data: { box: 'box', placedAt: new Date(), deviceIds: ['gpu:7'], memoryMiB: 1, share: 1 } });
  await supervise('succeeds');
  t.match(await ends(id), { state: 'succeeded', attempt: 2, retries: 1, placement: { devices: ['cpu'] } });
  t.match((await runs.get(teamId, id)).transitions.find(({ reason }) => reason === 'device_missing'), { state: 'queued', message: 'its device is not there any more; queued again' });
});

t.test('a run that names a backend tells nothing of its GPU', async (t) => {
  const { submit, supervise, ends, stores } = await box(t);
  await supervise('misses-its-device', { simulatedGpus: { count: 1, memoryMiB: 16_384 } });
  const { id } = await submit({ ...SPEC, resources: { device: 'gpu', backend: 'tensorflow' } });
  t.match(await ends(id), { state: 'failed', reason: 'device_missing', attempt: 3 });
  t.match((await stores.workers.listAlive(60_000))[0]?.devices[0], { id: 'gpu:0', slots: 8 }, 'which others may use');
});

t.test('a run that is too large for the GPU goes on with half the batch at a time', async (t) => {
  const { submit, supervise, ends, stores } = await box(t);
  await supervise('runs-out-of-gpu-memory', { env: { ROOM_FOR: '2' } });
  const run = await ends((await submit()).id);
  t.match(run, { state: 'succeeded', attempt: 2, retries: 0, gradientAccumulationSteps: 2 }, 'which is no retry of a lost process');
  const again = run.transitions.filter(({ state }) => state === 'queued').at(-1);
  t.match(again, { reason: 'out_of_gpu_memory', message: 'OOM when allocating tensor; queued again, with each batch in 2 parts' }, 'its life says so');
  const { items } = await stores.events.read(run.id, { after: 0, limit: 100, kinds: ['warning', 'log'] });
  t.match(items, [{ kind: 'warning', data: { code: 'gradient_accumulation', message: /2 parts/ } }, { kind: 'log', data: { message: 'from step 1 in 2 parts' } }], 'and so does its log');
});

t.test('a run that is too large even so has failed', async (t) => {
  const { submit, supervise, ends } = await box(t);
  await supervise('runs-out-of-gpu-memory', { env: { ROOM_FOR: '3' } });
  const run = await ends((await submit()).id);
  t.match(run, { state: 'failed', reason: 'out_of_gpu_memory', message: /^OOM/, attempt: 2, retries: 0, gradientAccumulationSteps: 2 });
});

t.test('a damaged training state is passed over', async (t) => {
  const { submit, supervise, ends, stores } = await box(t);
  const put: typeof stores.store.put = async (file) => {
    const stored = await stores.store.put(file);
    const { path } = await stores.store.localFile(stored.sha256);
    if (readFileSync(path, 'utf8') === 'state 3') writeFileSync(path, 'rust');
    return stored;
  };
  await supervise('keeps-its-state', { stores: { store: { ...stores.store, put } } });
  const run = await ends((await submit()).id);
  const log = (await stores.events.read(run.id, { after: 0, limit: 100, kinds: ['log'] })).items;
  t.match(log.at(-1), { data: { message: 'from step 2: state 2' } }, 'for the one before');
  t.same((await pointsOf(stores.metrics, run.id, 'batch/loss'))?.steps, [1, 2, 3], 'and the curve goes on from there');
  const warnings = (await stores.events.read(run.id, { after: 0, limit: 100, kinds: ['warning'] })).items;
  t.match(warnings, [{ data: { code: 'checkpoint_damaged', message: 'the latest training state is damaged or gone; the run goes on from step 2' } }], 'its events say so');
});

t.test('a cancelled trainer stops between two batches', async (t) => {
  const { submit, supervise, ends, reaches, story, runs, teamId } = await box(t, { cancelGraceMs: 20_000 });
  await supervise('waits');
  const { id } = await submit();
  await reaches(id, ['running']);
  t.equal((await runs.cancel(teamId, id)).state, 'cancelling');
  t.equal((await runs.cancel(teamId, id)).state, 'cancelling', 'asking again answers the same');
  const run = await ends(id);
  t.match(run, { state: 'cancelled', reason: 'user_cancel' });
  t.same((await story(id)).slice(-2), ['metrics', 'state:cancelled'], 'what it computed before it stopped is kept');
  await t.rejects(runs.cancel(teamId, id), { code: 'run_not_active' });
});

t.test('a trainer that does not hear the cancel is killed after the grace', async (t) => {
  const { submit, supervise, ends, reaches, runs, teamId } = await box(t, { cancelGraceMs: 300 });
  await supervise('hangs');
  const { id } = await submit();
  await reaches(id, ['running']);
  await runs.cancel(teamId, id);
  t.match(await ends(id), { state: 'cancelled', reason: 'user_cancel', message: /killed/ });
});

t.test('a queued run is cancelled at once, and never started', async (t) => {
  const { submit, supervise, runs, teamId, story, ends } = await box(t);
  const { id } = await submit();
  t.equal((await runs.cancel(teamId, id)).state, 'cancelled');
  await supervise('succeeds');
  const next = await submit();
  await ends(next.id);
  t.same(await story(id), ['state:queued', 'state:cancelled']);
});

t.test('a trainer that has said how its run ended, and does not exit, is killed after the grace', async (t) => {
  const { submit, supervise, ends } = await box(t, { cancelGraceMs: 300 });
  await supervise('lingers');
  t.match(await ends((await submit()).id), { state: 'succeeded' });
});

t.test('what a program prints is stored, whatever bytes it is', async (t) => {
  const { submit, supervise, ends, stores } = await box(t);
  await supervise('prints-bytes');
  const run = await ends((await submit()).id);
  t.match(run, { state: 'failed', reason: 'internal', message: 'no\ufffdtext' });
  const { items } = await stores.events.read(run.id, { after: 0, limit: 100, kinds: ['log'] });
  const lines = items.map((item) => (item.kind === 'log' ? item.data.message : ''));
  t.ok(lines.includes('a\ufffdb'), 'NUL is replaced');
  t.ok(lines.some((line) => line.length === 16_384 && line.endsWith('\ufffd')), 'so is half of a pair that a cut leaves');
  t.ok(lines.includes(String.raw`kept: \u0000 \ud800`), 'what only looks like it stays');
});

t.test('a full disk fails the run with that cause; the next one has room again', async (t) => {
  const { submit, supervise, ends, stores } = await box(t);
  let isFull = true;
  const put: typeof stores.store.put = async (file) => {
    if (isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    return stores.store.put(file);
  };
  await supervise('succeeds', { stores: { store: { ...stores.store, put } } });
  t.match(await ends((await submit()).id), { state: 'failed', reason: 'disk_full', message: /disk is full/ });
  isFull = false;
  t.match(await ends((await submit()).id), { state: 'succeeded' });
});

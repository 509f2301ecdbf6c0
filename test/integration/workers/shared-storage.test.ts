// Boxes that share nothing but the database, the queue and a bucket; and a bucket that is away for a while.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseS3Url } from '../../../src/artifacts/s3-location.js';
import { createS3ArtifactStore } from '../../../src/artifacts/s3-store.js';
import { createPredictService } from '../../../src/predict/service.js';
import { testLog } from '../../helpers/config.js';
import { until } from '../../helpers/poll.js';
import { S3_CREDENTIALS, s3Server, type S3Request } from '../../helpers/s3-server.js';
import { temporaryFolder } from '../artifacts/store-contract.js';
import { box, SPEC } from './harness.js';

/** One supervisor's part of a box, on a data folder of its own. */
async function stage(t: Test) {
  const server = await s3Server(t);
  const place = await box(t);
  const boxOn = () => {
    const dataDir = temporaryFolder(t);
    const cache = join(dataDir, 'cache');
    const store = createS3ArtifactStore({ location: parseS3Url(server.url), credentials: S3_CREDENTIALS, silenceMs: 500, cache: { folder: cache, limitBytes: 2 ** 30 } });
    const cached = () => (existsSync(join(cache, 'files')) ? readdirSync(join(cache, 'files')) : []);
    const held = () => (existsSync(join(cache, 'held')) ? readdirSync(join(cache, 'held')) : []);
    return { store, cached, held, changes: { stores: { store }, scratchDir: join(dataDir, 'scratch') } };
  };
  const bytesIn = (folder: string) => [...server.objects.keys()].filter((key) => key.startsWith(folder)).length;
  const logOf = async (id: string) => (await place.stores.events.read(id, { after: 0, limit: 1_000, kinds: ['log', 'warning'] })).items.map(({ data }) => ('message' in data ? data.message : ''));
  return { ...place, server, boxOn, bytesIn, logOf };
}

const AWAY = { status: 503, code: 'ServiceUnavailable' };
const isPut = ({ method }: S3Request) => method === 'PUT';

t.test('a run that was paused on one box goes on on another, from the bucket', async (t) => {
  const { runs, teamId, submit, supervise, reaches, ends, stores, server, boxOn, logOf } = await stage(t);
  const [first, second] = [boxOn(), boxOn()];
  const supervisor = await supervise(null, first.changes);
  const { id } = await submit({ ...SPEC, dataset: { name: 'mnist', take: 2_000 }, fit: { batchSize: 50, epochs: 3_000 }, resources: { device: 'cpu' } });
  await reaches(id, ['running']);
  await until(async () => (await runs.get(teamId, id)).progress.step > 20, { what: 'some steps', deadlineMs: 20_000 });
  await runs.pause(teamId, id);
  const paused = await reaches(id, ['paused']);
  await supervisor.stop();
  const [state] = await stores.artifacts.resumeCheckpoints(id);
  t.ok(state && (await second.store.has(state.sha256)), 'its state is in the bucket');
  t.strictSame(first.cached(), [], 'what was only stored is not fetched');

  await supervise(null, second.changes);
  await runs.resume(teamId, id);
  const went = await until(async () => {
    const run = await runs.get(teamId, id);
    return run.state === 'running' && run.progress.step > paused.progress.step ? run : null;
  }, { what: 'it to go on', deadlineMs: 20_000 });
  t.equal(went.attempt, 2);
  t.ok((await logOf(id)).includes(`goes on from step ${state?.step}`), 'from where it was');
  t.strictSame(second.cached(), [state?.sha256], 'from a copy');
  t.equal(server.asked.filter((what) => what === `GET team/${state?.sha256.slice(0, 2)}/${state?.sha256}`).length, 1, 'that was fetched once, and looked at');
  await runs.cancel(teamId, id);
  await ends(id);
  await until(() => second.held().length === 0, { what: 'the copy to be let go of' });
});

t.test('a model in the bucket predicts', async (t) => {
  const { runs, submit, supervise, ends, stores, teamId, boxOn, server } = await stage(t);
  const [worker, api] = [boxOn(), boxOn()];
  await supervise(null, worker.changes);
  const run = await ends((await submit({ ...SPEC, dataset: { name: 'mnist', take: 500 }, resources: { device: 'cpu' } })).id);
  t.equal(run.state, 'succeeded');
  const predict = createPredictService({ runs: stores.runs, artifacts: stores.artifacts, store: api.store, log: testLog() });
  t.teardown(() => predict.close());
  const reader = { teamId, onlyRunId: null };
  const input = { kind: 'instances', body: { instances: [Array.from({ length: 28 }, () => Array.from({ length: 28 }, () => [0]))] } } as const;
  for (let time = 0; time < 2; time += 1) t.match(await predict.predict(reader, run.id, input), { predictions: { length: 1 } });
  t.strictSame(api.held(), [], 'its files are let go of');
  t.equal(api.cached().length, 2);
  server.fail(AWAY);
  t.match(await predict.predict(reader, run.id, input), { predictions: { length: 1 } }, 'from copies also while the bucket is away');
  server.heal();
  await runs.delete(teamId, run.id);
});

t.test('while the bucket is away training goes on; what is to be stored waits', async (t) => {
  const { submit, supervise, ends, server, boxOn, stores, story, bytesIn } = await stage(t);
  server.fail(AWAY, { on: isPut });
  await supervise('succeeds', boxOn().changes);
  const { id } = await submit();
  await until(() => server.asked.filter((what) => what.startsWith('PUT')).length > 5, { what: 'more tries than one put has', deadlineMs: 20_000 });
  t.equal(bytesIn('team'), 0);
  server.heal();
  t.equal((await ends(id)).state, 'succeeded');
  t.equal((await stores.artifacts.list(id)).length, 1, 'its model is stored');
  t.equal((await story(id)).filter((entry) => entry === 'artifact').length, 1, 'once');
});

t.test('a state that waits for the bucket is gone on from', async (t) => {
  const { submit, supervise, ends, server, boxOn, logOf } = await stage(t);
  server.fail(AWAY, { times: 30, on: isPut });
  await supervise('keeps-its-state', boxOn().changes);
  const run = await ends((await submit()).id);
  t.match(run, { state: 'succeeded', attempt: 2 });
  t.equal((await logOf(run.id)).at(-1), 'from step 3: state 3');
});

t.test('a run that would go on from the bucket stays queued while that is away, and loses nothing', async (t) => {
  const { submit, supervise, ends, server, boxOn, logOf, runs, teamId } = await stage(t);
  server.fail(AWAY, { on: ({ method }) => method === 'GET' });
  await supervise('keeps-its-state', boxOn().changes);
  const { id } = await submit();
  await until(() => server.asked.filter((what) => what.startsWith('GET')).length > 5, { what: 'it to ask for its state more than once', deadlineMs: 20_000 });
  t.match(await runs.get(teamId, id), { state: 'queued', attempt: 1 });
  server.heal();
  t.match(await ends(id), { state: 'succeeded', attempt: 2, retries: 1 }, 'which is no failure of its own');
  t.equal((await logOf(id)).at(-1), 'from step 3: state 3', 'and no training state was taken for lost');
});

t.test('a state that the bucket spoils is passed over', async (t) => {
  const { submit, supervise, ends, server, boxOn, logOf } = await stage(t);
  const keyOf = (content: string) => [...server.objects].find(([, { body }]) => body.toString() === content)?.[0];
  server.fail({ flips: 'a bit' }, { on: ({ method, key }) => method === 'GET' && key === keyOf('state 3') });
  await supervise('keeps-its-state', boxOn().changes);
  const run = await ends((await submit()).id);
  t.equal(run.state, 'succeeded');
  const log = await logOf(run.id);
  t.equal(log.at(-1), 'from step 2: state 2');
  t.ok(log.includes('the latest training state is damaged or gone; the run goes on from step 2'));
});

t.test('a bucket that is full or refuses fails the run with that cause', async (t) => {
  const { submit, supervise, ends, server, boxOn } = await stage(t);
  await supervise('succeeds', boxOn().changes);
  server.fail({ status: 507, code: 'XMinioStorageFull' }, { on: isPut });
  t.match(await ends((await submit()).id), { state: 'failed', reason: 'disk_full' });
  server.heal();
  server.fail({ status: 403, code: 'AccessDenied' }, { on: isPut });
  t.match(await ends((await submit()).id), { state: 'failed', reason: 'internal', message: 'the model could not be stored: PutObject answered AccessDenied' });
});

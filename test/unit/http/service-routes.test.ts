import t from 'tap';
import { askAll } from '../../../src/health/checks.js';
import type { Problem } from '../../../src/schemas/problem.js';
import { testDevice } from '../../fakes/devices.js';
import { problemOf, startApi } from '../../helpers/api.js';

t.test('a living process says so and asks nobody', async (t) => {
  const api = await startApi(t);
  api.records.down = new Error('away');
  api.queue.down = true;
  t.match((await api.get('/healthz')).json(), { status: 'ok', version: /^\d+\.\d+\.\d+/ });
});

t.test('a ready service names what it asked', async (t) => {
  const api = await startApi(t);
  const response = await api.get('/readyz');
  t.equal(response.statusCode, 200);
  t.match(response.json(), { status: 'ready', checks: [{ name: 'database', ok: true }, { name: 'queue', ok: true }, { name: 'bus', ok: true }] });
});

t.test('a service that is not ready names what is away, and not why', async (t) => {
  const api = await startApi(t);
  api.records.down = new Error('password=hunter2');
  api.bus.down = true;
  const response = await api.get('/readyz');
  t.equal(response.statusCode, 503);
  t.equal(response.headers['retry-after'], '5');
  const problem: Problem = problemOf(response);
  t.match(problem, { code: 'not_ready', retryable: true });
  t.same(problem.checks?.map(({ name, ok }) => [name, ok]), [['database', false], ['queue', true], ['bus', false]]);
  t.notMatch(response.body, /hunter2/);
  t.match(api.logged.find((line) => line['check'] === 'database'), { level: 40, err: { message: 'password=hunter2' } }, 'the log has the cause');
});

t.test('what never answers is away after its time', async (t) => {
  const failures: string[] = [];
  const checks = [{ name: 'database' as const, ping: () => new Promise<never>(() => {}) }, { name: 'queue' as const, ping: async () => {} }];
  const results = await askAll(checks, { limitMs: 20, onError: (error, name) => failures.push(`${name}: ${(error as Error).message}`) });
  t.same(results.map(({ name, ok }) => [name, ok]), [['database', false], ['queue', true]]);
  t.same(failures, ['database: no answer within 20 ms']);
});

t.test('data sets are listed and found', async (t) => {
  const api = await startApi(t);
  const { items, nextCursor } = (await api.get('/v1/datasets')).json<{ items: { name: string }[]; nextCursor: null }>();
  t.same({ names: items.map(({ name }) => name), nextCursor }, { names: ['mnist'], nextCursor: null });
  t.match((await api.get('/v1/datasets/mnist')).json(), { inputShape: [28, 28, 1], trainCount: 60_000, testCount: 10_000 });
  t.match(problemOf(await api.get('/v1/datasets/cifar')), { code: 'not_found', detail: 'There is no data set "cifar".' });
});

t.test('recipes are listed and found', async (t) => {
  const api = await startApi(t);
  const { items } = (await api.get('/v1/recipes')).json<{ items: { name: string }[] }>();
  t.ok(items.some(({ name }) => name === 'mnist-relu'));
  for (const { name } of items) t.match((await api.get(`/v1/recipes/${name}`)).json(), { name, spec: { name } });
  t.equal(problemOf(await api.get('/v1/recipes/none')).code, 'not_found');
});

t.test('devices are those of supervisors that were heard of lately', async (t) => {
  const api = await startApi(t);
  const cpu = testDevice({ unavailable: [{ backend: 'tensorflow', reason: 'not installed' }], memoryUsedMiB: 4096, sampledAt: new Date().toISOString() });
  await api.workers.beat({ id: 'w1', box: 'box', host: 'box', pid: 7, slots: 1, devices: [cpu], startedAt: new Date() });
  await api.workers.beat({ id: 'w2', box: 'gone', host: 'gone', pid: 8, slots: 1, devices: [cpu], startedAt: new Date() });
  const gone = api.workers.workers.get('w2');
  if (gone) gone.heartbeatAt = new Date(Date.now() - 60_000);
  const { items } = (await api.get('/v1/devices')).json<{ items: unknown[] }>();
  t.equal(items.length, 1);
  t.match(items, [{ ...cpu, worker: { id: 'w1', box: 'box', host: 'box', slots: 1 } }]);
});

t.test('a device names the runs that one may see, and counts the others', async (t) => {
  const api = await startApi(t);
  const { id } = (await api.post('/v1/runs', { recipe: 'mnist-softmax' })).json<{ id: string }>();
  const runs = [{ id, attempt: 1, memoryMiB: 900 }, { id: '01890000-0000-7000-8000-00000000dead', attempt: 1, memoryMiB: 300 }];
  const gpu = testDevice({ id: 'gpu:0', kind: 'gpu', uuid: 'GPU-1', cores: null, slots: 8, foreignMemoryMiB: 70, processes: [{ pid: 4242, name: 'python3', memoryMiB: 70 }], runs });
  await api.workers.beat({ id: 'w1', box: 'box', host: 'box', pid: 7, slots: 1, devices: [gpu, testDevice({ runs: [] })], startedAt: new Date() });
  const { items } = (await api.get('/v1/devices')).json<{ items: unknown[] }>();
  t.match(items, [{ foreignMemoryMiB: 70, processes: [{ pid: 4242, name: 'python3', memoryMiB: 70 }], otherRuns: 1 }, { id: 'cpu', otherRuns: 0 }]);
  t.strictSame((items as { runs: unknown }[]).map(({ runs }) => runs), [[{ id, memoryMiB: 900 }], []]);
});

// The containers' split without containers: PostgreSQL, Redis, API and worker as separate processes, started by
// the very commands and environment that docker-compose.yml names.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import t from 'tap';
import { parse } from 'yaml';
import { NOT_WELCOME } from '../../src/embedded/supervisor-process.js';
import { packageRoot } from '../../src/paths.js';
import type { Box, CreatedBox } from '../../src/schemas/box.js';
import type { Run } from '../../src/schemas/run.js';
import { call, connectLive, ended } from '../helpers/client.js';
import { TEST_KEY } from '../helpers/key.js';
import { until } from '../helpers/poll.js';
import { emptyDatabase } from '../helpers/postgres.js';
import { redisMissing, redisServer } from '../helpers/redis.js';
import { freePort } from '../helpers/tcp.js';

interface ComposeService {
  command: string[];
  environment: Record<string, string>;
}
const compose = parse(readFileSync(join(packageRoot, 'docker-compose.yml'), 'utf8'), { merge: true }) as { services: Record<'api' | 'worker', ComposeService> };

/** Runs a service's command with its environment, where only the addresses and the key differ. */
function start(name: 'api' | 'worker', addresses: Record<string, string>): ChildProcess & { said(): string } {
  const { command, environment } = compose.services[name];
  const [program = '', ...args] = command;
  // The compiled files may lie elsewhere than in dist while developing.
  const dist = fileURLToPath(new URL('../../', import.meta.url));
  const child = spawn(program, args.map((arg) => arg.replace(/^dist\//, dist)), {
    cwd: packageRoot,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment, ...addresses },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return Object.assign(child, { said: () => said });
}

const exitOf = (child: ChildProcess) => new Promise<number | null>((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(child.exitCode)));

t.test('API and worker apart, on PostgreSQL and Redis', { skip: redisMissing() }, async (t) => {
  const { url: DATABASE_URL } = await emptyDatabase(t);
  const redis = await redisServer(t);
  const dataDir = mkdtempSync(join(tmpdir(), 'trainyard-split-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const port = await freePort();
  const addresses = { DATABASE_URL, REDIS_URL: redis.url, TRAINYARD_DATA_DIR: dataDir, TRAINYARD_PORT: String(port), TRAINYARD_HOST: '127.0.0.1', TRAINYARD_ADMIN_KEY: TEST_KEY };
  const address = `http://127.0.0.1:${port}`;

  const api = start('api', addresses);
  t.teardown(() => void api.kill('SIGKILL'));
  await until(async () => (await call(address, '/readyz')).status === 200, { what: 'the API to be ready', deadlineMs: 60_000 });
  const { body: devices } = await call<{ items: unknown[] }>(address, '/v1/devices');
  t.same(devices.items, [], 'no worker yet');
  const live = await connectLive(t, address);
  const { body: run } = await call<Run>(address, '/v1/runs', { json: { recipe: 'mnist-softmax', dataset: { take: 6_000 }, fit: { epochs: 2 } } });
  live.send({ type: 'subscribe', runId: run.id, after: 0 });
  t.equal((await call<Run>(address, `/v1/runs/${run.id}`)).body.state, 'queued', 'a run waits for a worker');

  const worker = start('worker', addresses);
  t.teardown(() => void worker.kill('SIGKILL'));
  const done = await ended(address, run.id);
  t.equal(done.state, 'succeeded', 'the worker trains it', { found: done.message, said: worker.said() });
  await until(() => live.events(run.id).length === done.head, { what: 'every event to arrive over Redis' });
  t.same(live.events(run.id).map((event) => event.seq), Array.from({ length: done.head }, (_, index) => index + 1));
  // Its devices are probed beside the training, which may be over first.
  await until(async () => (await call<{ items: unknown[] }>(address, '/v1/devices')).body.items.length === 1, { what: 'the worker to make itself known', deadlineMs: 60_000 });
  const prediction = await call(address, `/v1/runs/${run.id}/predict`, { json: { instances: [Array.from({ length: 784 }, () => 0)] } });
  t.equal(prediction.status, 200, 'the API reads the files that the worker stored');

  await t.test('with Redis away: 503 and why; with Redis back, all is well', async (t) => {
    await redis.stop();
    const refused = await until(
      async () => {
        const answer = await call<{ code: string }>(address, '/v1/runs', { json: { recipe: 'mnist-softmax' } });
        return answer.status === 503 ? answer : null;
      },
      { what: 'a submission to be refused', deadlineMs: 20_000 },
    );
    t.match(refused.body, { code: 'queue_unavailable' });
    t.ok(Number(refused.headers.get('retry-after')) > 0, 'it says when to try again');
    const ready = await call(address, '/readyz');
    t.equal(ready.status, 503);
    t.match(JSON.stringify(ready.body), /queue/, 'and which part is away');
    t.equal((await call(address, '/healthz')).status, 200, 'the API itself lives');
    t.equal((await call(address, `/v1/runs/${run.id}`)).status, 200, 'what the database knows is still answered');
    await redis.start();
    await until(async () => (await call(address, '/readyz')).status === 200, { what: 'the API to be ready again', deadlineMs: 20_000 });
    const { body: next } = await call<Run>(address, '/v1/runs', { json: { recipe: 'mnist-softmax', dataset: { take: 1_280 }, fit: { epochs: 1 } } });
    t.equal((await ended(address, next.id)).state, 'succeeded', 'the worker takes runs again');
  });

  await t.test('what Redis forgets is brought back from the database: every run is trained, once', async (t) => {
    const submit = async (spec: object) => (await call<Run>(address, '/v1/runs', { json: { recipe: 'mnist-softmax', dataset: { take: 1_280 }, ...spec } })).body;
    const long = { engine: 'eager', fit: { batchSize: 8, epochs: 1_000 } };
    // As many as the worker has places for, so that the others wait.
    const places = Math.max(1, Math.floor(availableParallelism() / 2));
    const training = await Promise.all(Array.from({ length: places }, () => submit(long)));
    await until(async () => (await Promise.all(training.map(({ id }) => call<Run>(address, `/v1/runs/${id}`)))).every(({ body }) => body.state === 'running'), { what: 'all places to be taken', deadlineMs: 60_000 });
    const waiting = await Promise.all([1, 2, 3].map(() => submit({ fit: { epochs: 1 } })));
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    for (const { id } of training) t.equal((await call(address, `/v1/runs/${id}/cancel`, { method: 'POST' })).status, 202);
    for (const { id } of training) t.match(await ended(address, id), { state: 'cancelled', attempt: 1 });
    for (const { id } of waiting) t.match(await ended(address, id), { state: 'succeeded', attempt: 1 });
  });

  await t.test('a second box joins by its token, is drained while the other goes on, and removed', async (t) => {
    const { body: box } = await call<CreatedBox>(address, '/v1/boxes', { json: { name: 'second' } });
    const join = (token: Record<string, string>) => {
      const child = start('worker', { ...addresses, TRAINYARD_BOX: 'second', TRAINYARD_SLOTS: '1', ...token });
      t.teardown(() => void child.kill('SIGKILL'));
      return child;
    };
    for (const [token, words] of [[{}, /is missing of the box second/], [{ TRAINYARD_WORKER_TOKEN: box.token.replace(/.{4}$/, '0000') }, /is not that of the box second/]] as const) {
      const refused = join(token);
      t.equal(await exitOf(refused), NOT_WELCOME);
      t.match(refused.said(), words);
    }
    const second = join({ TRAINYARD_WORKER_TOKEN: box.token });
    const boxes = async () => (await call<{ items: Box[] }>(address, '/v1/boxes')).body.items;
    await until(async () => (await boxes()).filter(({ alive }) => alive).length === 2, { what: 'both boxes to be heard of', deadlineMs: 60_000 });
    const places = Math.max(1, Math.floor(availableParallelism() / 2)) + 1;
    const endless = { recipe: 'mnist-softmax', dataset: { take: 1_280 }, engine: 'eager', fit: { batchSize: 8, epochs: 1_000 } };
    const runs = await Promise.all(Array.from({ length: places }, async () => (await call<Run>(address, '/v1/runs', { json: endless })).body));
    const now = () => Promise.all(runs.map(async ({ id }) => (await call<Run>(address, `/v1/runs/${id}`)).body));
    await until(async () => (await now()).every(({ state }) => state === 'running'), { what: 'both boxes to be full', deadlineMs: 60_000 });
    t.match((await boxes()).find(({ name }) => name === 'second'), { hasToken: true, runs: 1, phase: 'open' });
    const there = (await now()).find(({ placement }) => placement?.box === 'second');
    t.equal((await call(address, '/v1/boxes/second', { method: 'DELETE' })).status, 409, 'one with runs is not removed');
    await call(address, '/v1/boxes/second', { method: 'PATCH', json: { phase: 'draining' } });
    await until(async () => (await boxes()).find(({ name }) => name === 'second')?.runs === 0, { what: 'the second box to be empty', deadlineMs: 60_000 });
    t.match((await now()).find(({ id }) => id === there?.id), { state: 'queued', reason: 'preempted', attempt: 1 }, 'its run waits, with its state kept');
    t.equal((await call(address, '/v1/boxes/second', { method: 'DELETE' })).status, 204);
    for (const { id } of runs.filter((run) => run.id !== there?.id)) await call(address, `/v1/runs/${id}/cancel`, { method: 'POST' });
    const resumed = await until(async () => (await now()).find(({ id, state }) => id === there?.id && state === 'running'), { what: 'its run to go on elsewhere', deadlineMs: 60_000 });
    t.not(resumed.placement?.box, 'second');
    t.ok(resumed.attempt === 2 && resumed.retries === 0);
    await call(address, `/v1/runs/${resumed.id}/cancel`, { method: 'POST' });
    for (const { id } of runs) t.equal((await ended(address, id)).state, 'cancelled');
    t.equal(await exitOf(second), NOT_WELCOME, 'its supervisor ends by itself');
    const removed = join({ TRAINYARD_WORKER_TOKEN: box.token });
    t.equal(await exitOf(removed), NOT_WELCOME, 'a removed box does not come back by itself');
    t.match(removed.said(), /was removed/);
  });

  for (const [name, child] of Object.entries({ worker, api })) {
    child.kill('SIGTERM');
    t.equal(await exitOf(child), 0, `${name} ends with code 0 on SIGTERM`);
  }
});

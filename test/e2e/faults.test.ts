// What the service says to bad input, and how it behaves when it is told to stop or loses a process.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Run } from '../../src/schemas/run.js';
import { call, connectLive, ended } from '../helpers/client.js';
import { until } from '../helpers/poll.js';
import { processTree } from '../helpers/processes.js';
import { startService, type ServiceProcess } from '../helpers/service.js';

const SPEC = {
  dataset: { name: 'mnist' },
  model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }] },
  optimizer: { type: 'sgd' },
  loss: 'categoricalCrossentropy',
  fit: { batchSize: 128, epochs: 1 },
};
/** Runs for a few seconds, on the engine that is slow enough for that. */
const MEDIUM = { ...SPEC, engine: 'eager', dataset: { name: 'mnist', take: 2_000 }, fit: { batchSize: 8, epochs: 2 } };
/** The same, with a state every twenty-five steps. */
const KEPT = { ...MEDIUM, checkpoints: { everySteps: 25 } };
/** Runs for minutes unless it is stopped. */
const LONG = { ...SPEC, fit: { batchSize: 32, epochs: 1_000 } };

interface Problem {
  code: string;
  errors: { pointer: string; detail: string }[];
}

t.test('what a client may get wrong', async (t) => {
  const { address } = await startService(t, { TRAINYARD_ROLE: 'api', TRAINYARD_BODY_LIMIT: '65536' });
  await t.test('bad specs are refused with their places, and nothing is queued', (t) => badSpecs(t, address));
  await t.test('an Idempotency-Key makes one run of many requests, and refuses another body', (t) => idempotencyKey(t, address));
});

t.test('one service through a cancel, the death of its supervisor, a stop, and the death of its database', async (t) => {
  const first = await startService(t, { TRAINYARD_LEASE_SECONDS: '2' });
  await t.test('a run is cancelled while it trains; its live stream says so', (t) => cancelled(t, first));
  const { id: wholeId, ...whole } = await uninterrupted(first.address);
  t.match(whole, { weights: /^[0-9a-f]{64}$/, losses: { steps: { length: 500 } } }, 'a run that nothing interrupts');
  await t.test('a supervisor that is killed is started again, and its run ends as if it had not been', (t) => supervisorKilled(t, first, whole));
  await t.test('a run that is paused gives its place away, and goes on; its trainer is killed, and it goes on again, as if nothing had been', (t) => paused(t, first, whole));
  await t.test('a run is trained for more epochs, and ends as if all had been asked for at once', (t) => extended(t, first, whole));
  await t.test('a run is forked: another starts with its weights', (t) => forked(t, first, { id: wholeId, ...whole }));
  await t.test('SIGTERM in the middle of a run: it is handed back, and goes on after the next start', async (t) => {
    const id = await stopped(t, first);
    // With the usual lease: a database is away for longer than two seconds on a busy machine.
    const second = await startService(t, { TRAINYARD_DATA_DIR: first.dataDir });
    await goesOn(t, second, id);
    await t.test('a database that is killed comes back, and the run goes on as if nothing had been', (t) => databaseKilled(t, second));
    await second.stop();
  });
});

t.test('what is wrong at the start is said in a line, and nothing stays behind', async (t) => {
  const occupied = createServer().listen(0, '127.0.0.1');
  await once(occupied, 'listening');
  t.teardown(() => void occupied.close());
  const { port } = occupied.address() as AddressInfo;
  await t.rejects(startService(t, { TRAINYARD_PORT: String(port) }), { message: new RegExp(`exited with 1:\\nPort ${port} is in use on 127\\.0\\.0\\.1; [^\\n]*\\n$`) });
  await t.rejects(startService(t, { TRAINYARD_ROLL: 'api' }), { message: /TRAINYARD_ROLL: there is no such setting/ });
  await t.rejects(startService(t, { DATABASE_URL: 'postgresql://127.0.0.1:1/none' }), { message: /exited with 1:\n(.*\n)*The database at 127\.0\.0\.1:1 does not answer [^\n]*\n$/ });
});

async function badSpecs(t: Test, address: string) {
  const cases: { what: string; body: unknown; status: number; code: string; pointers: string[] }[] = [
    { what: 'unknown keys', body: { ...SPEC, fit: { ...SPEC.fit, bachSize: 3 } }, status: 400, code: 'invalid_spec', pointers: ['/fit/bachSize'] },
    { what: 'wrong types, all at once', body: { ...SPEC, loss: 7, fit: { batchSize: '128', epochs: 0 } }, status: 400, code: 'invalid_spec', pointers: ['/loss', '/fit/batchSize', '/fit/epochs'] },
    { what: 'an unknown data set', body: { ...SPEC, dataset: { name: 'minst' } }, status: 422, code: 'impossible_spec', pointers: ['/dataset/name'] },
    { what: 'a batch larger than the data', body: { ...SPEC, fit: { batchSize: 60_001, epochs: 1 } }, status: 422, code: 'impossible_spec', pointers: ['/fit/batchSize'] },
    { what: 'an impossible shape', body: { ...SPEC, model: { layers: [{ type: 'conv2d', filters: 4, kernelSize: 29 }, { type: 'flatten' }, { type: 'dense', units: 10 }] } }, status: 422, code: 'impossible_spec', pointers: ['/model/layers/0'] },
    { what: 'a billion units', body: { ...SPEC, model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 1e9 }, { type: 'dense', units: 10, activation: 'softmax' }] } }, status: 422, code: 'impossible_spec', pointers: ['/model'] },
    { what: 'an unknown monitor', body: { ...SPEC, callbacks: [{ type: 'earlyStopping', monitor: 'val_acuracy' }] }, status: 422, code: 'impossible_spec', pointers: ['/callbacks/0/monitor'] },
    { what: 'an unknown recipe', body: { recipe: 'mnist-magic' }, status: 400, code: 'invalid_spec', pointers: ['/recipe'] },
  ];
  for (const { what, body, status, code, pointers } of cases) {
    const answer = await call<Problem>(address, '/v1/runs', { json: body });
    t.equal(answer.status, status, `${what}: ${status}`);
    t.equal(answer.body.code, code, `${what}: ${code}`);
    t.match(answer.headers.get('content-type'), /application\/problem\+json/);
    for (const pointer of pointers) {
      t.ok(answer.body.errors.some((error) => error.pointer.startsWith(pointer)), `${what}: ${pointer} is named`, { found: answer.body.errors });
    }
    const plan = await call<{ valid: boolean; problems: unknown[] }>(address, '/v1/runs:plan', { json: body });
    t.equal(plan.status, 200);
    t.same(plan.body.problems, answer.body.errors, `${what}: the plan says the same`);
  }
  const large = await call<Problem>(address, '/v1/runs', { json: { ...SPEC, name: 'x'.repeat(70_000) } });
  t.match(large, { status: 413, body: { code: 'body_too_large' } });
  const broken = await call<Problem>(address, '/v1/runs', { method: 'POST', body: '{"dataset": ', headers: { 'content-type': 'application/json' } });
  t.match(broken, { status: 400, body: { code: 'bad_request' } });
  t.same((await call<{ items: unknown[] }>(address, '/v1/runs')).body.items, [], 'no run came of it');
}

async function idempotencyKey(t: Test, address: string) {
  const headers = { 'idempotency-key': 'a-key-of-mine' };
  const answers = await Promise.all(Array.from({ length: 5 }, () => call<Run>(address, '/v1/runs', { json: SPEC, headers })));
  t.equal(new Set(answers.map((answer) => answer.body.id)).size, 1, 'five requests at once make one run');
  t.equal((await call<{ items: unknown[] }>(address, '/v1/runs')).body.items.length, 1);
  const other = await call<Problem>(address, '/v1/runs', { json: LONG, headers });
  t.match(other, { status: 422, body: { code: 'idempotency_mismatch' } });
}

async function cancelled(t: Test, { address }: ServiceProcess) {
  const live = await connectLive(t, address);
  const { body: run } = await call<Run>(address, '/v1/runs', { json: LONG });
  live.send({ type: 'subscribe', runId: run.id, after: 0 });
  await until(() => live.events(run.id).some((event) => event.kind === 'metrics'), { what: 'the first batch', deadlineMs: 60_000 });
  const asked = performance.now();
  t.equal((await call(address, `/v1/runs/${run.id}/cancel`, { method: 'POST' })).status, 202);
  await until(() => live.events(run.id).some((event) => event.kind === 'state' && event.data.state === 'cancelled'), { what: 'the cancelled state', deadlineMs: 20_000 });
  t.ok(performance.now() - asked < 10_000, 'by itself, before the grace is over');
  t.equal((await call(address, `/v1/runs/${run.id}`, { method: 'DELETE' })).status, 204);
  t.equal((await call(address, `/v1/runs/${run.id}`)).status, 404);
}

/** What a run leaves: the bytes of its weights, and its losses by step. */
async function outcome(address: string, { id }: Run) {
  const files = (await call<{ items: { path: string; sha256: string }[] }>(address, `/v1/runs/${id}/artifacts`)).body.items;
  const { series } = (await call<{ series: { points: { steps: number[]; values: number[] } }[] }>(address, `/v1/runs/${id}/metrics?key=batch/loss&maxPoints=5000`)).body;
  return { weights: files.find(({ path }) => path === 'model/weights.bin')?.sha256, losses: series[0]?.points };
}

async function uninterrupted(address: string) {
  const { body: run } = await call<Run>(address, '/v1/runs', { json: KEPT });
  return { id: run.id, ...(await outcome(address, await ended(address, run.id))) };
}

type Whole = Awaited<ReturnType<typeof outcome>>;

/** Those that events of a kind name, in order; of states, those that an attempt began at. */
async function stepsOf(address: string, { id }: Run, kind: string): Promise<number[]> {
  const { body: page } = await call<{ items: { data: { state?: string; step?: number } }[] }>(address, `/v1/runs/${id}/events?limit=1000&kind=${kind}`);
  return page.items.flatMap(({ data: { state = 'starting', step } }) => (state === 'starting' ? (step ?? []) : []));
}

function pidOf(service: ServiceProcess, what: RegExp): number {
  const pid = processTree(service.process.pid ?? 0).find((one) => what.test(one.name))?.pid;
  if (pid === undefined) throw new Error(`there is no ${what} below the service`);
  return pid;
}

const kill = (service: ServiceProcess, what: RegExp) => process.kill(pidOf(service, what), 'SIGKILL');

async function supervisorKilled(t: Test, service: ServiceProcess, whole: Whole) {
  const { address } = service;
  const { body: run } = await call<Run>(address, '/v1/runs', { json: KEPT });
  const kept = await until(async () => (await stepsOf(address, run, 'checkpoint')).at(-1), { what: 'a state to be kept', deadlineMs: 60_000, everyMs: 50 });
  kill(service, /workers\/supervisor/);
  const again = await ended(address, run.id);
  t.match(again, { state: 'succeeded', attempt: 2, retries: 1 });
  t.ok(again.transitions.some((transition) => transition.state === 'lost' && transition.reason === 'worker_lost'));
  const from = (await stepsOf(address, run, 'state')).at(-1) ?? 0;
  t.ok(from >= kept && from % 25 === 0, `it went on from a state that it had kept, of step ${from}`);
  t.strictSame(await outcome(address, again), whole, 'the loss of each step and every byte of the weights are those of a run without the kill');
}

async function paused(t: Test, service: ServiceProcess, whole: Whole) {
  const { address } = service;
  const { body: run } = await call<Run>(address, '/v1/runs', { json: KEPT });
  const reaches = (state: string) => until(async () => {
    const { body } = await call<Run>(address, `/v1/runs/${run.id}`);
    return body.state === state ? body : null;
  }, { what: `the run to be ${state}`, deadlineMs: 60_000, everyMs: 50 });
  t.match(await call(address, `/v1/runs/${run.id}/resume`, { method: 'POST' }), { status: 409, body: { code: 'run_not_resumable' } }, 'only a paused run is resumed');
  await until(async () => (await call<Run>(address, `/v1/runs/${run.id}`)).body.progress.step > 0, { what: 'training to begin', deadlineMs: 60_000, everyMs: 50 });
  t.match(await call(address, `/v1/runs/${run.id}/pause`, { method: 'POST' }), { status: 202, body: { state: 'pausing' } });
  const rest = await reaches('paused');
  t.match(rest, { reason: 'user_pause', message: /paused after step \d+/, endedAt: null });
  t.match(await call(address, `/v1/runs/${run.id}/pause`, { method: 'POST' }), { status: 202, body: { state: 'paused' } }, 'asking again does no harm');
  const { body: next } = await call<Run>(address, '/v1/runs', { json: SPEC });
  t.equal((await ended(address, next.id)).state, 'succeeded', 'another run has its place');
  t.match(await call(address, `/v1/runs/${run.id}/resume`, { method: 'POST' }), { status: 202, body: { state: 'queued', reason: 'user_resume' } });
  await until(async () => (await call<Run>(address, `/v1/runs/${run.id}`)).body.progress.step > rest.progress.step, { what: 'training to go on', deadlineMs: 60_000, everyMs: 50 });
  t.ok(getPriority(pidOf(service, /workers\/trainer/)) > getPriority(service.process.pid), 'what trains leaves the cores to what answers');
  kill(service, /workers\/trainer/);
  const again = await ended(address, run.id);
  t.match(again, { state: 'succeeded', attempt: 3, retries: 1 }, 'a pause is no retry, a kill is one');
  const [begun, resumed = 0, retried = 0] = await stepsOf(address, run, 'state');
  t.equal(begun, 0);
  t.equal(resumed, rest.progress.step, 'it went on from the step at which it had paused');
  t.ok(retried >= resumed, `and from a state that it had kept, of step ${retried}`);
  t.strictSame(await outcome(address, again), whole, 'the loss of each step and every byte of the weights are those of a run without either');
  t.match(await call(address, `/v1/runs/${run.id}/pause`, { method: 'POST' }), { status: 409, body: { code: 'run_not_pausable' } }, 'what has ended is not paused');
}

async function extended(t: Test, { address }: ServiceProcess, whole: Whole) {
  const { body: run } = await call<Run>(address, '/v1/runs', { json: { ...KEPT, fit: { ...KEPT.fit, epochs: 1 } } });
  const short = await ended(address, run.id);
  t.match(await call(address, `/v1/runs/${run.id}/extend`, { json: { epochs: 1 } }), { status: 202, body: { state: 'queued', extendedAfter: 1, progress: { epochs: 2, totalSteps: 500 } } });
  const long = await ended(address, run.id);
  t.match([short, long], [{ state: 'succeeded', attempt: 1 }, { state: 'succeeded', attempt: 2, retries: 0, progress: { epoch: 2, step: 500 } }]);
  t.strictSame(await outcome(address, long), whole, 'the loss of each step and every byte of the weights');
}

async function forked(t: Test, { address }: ServiceProcess, whole: Whole & { id: string }) {
  // A step so small that it changes no weight shows which weights it started with.
  const still = { optimizer: { learningRate: 1e-30 }, fit: { epochs: 1 } };
  const { body: run } = await call<Run>(address, '/v1/runs', { json: { fork: { runId: whole.id }, ...still } });
  t.match(run, { forkedFrom: { runId: whole.id, step: 500 }, spec: { engine: 'eager', optimizer: { type: 'sgd', learningRate: 1e-30 }, fit: { batchSize: 8, epochs: 1 } } });
  t.match(await call(address, `/v1/runs/${whole.id}`, { method: 'DELETE' }), { status: 204 }, 'the one that it starts from may go');
  const done = await ended(address, run.id);
  t.match(done, { state: 'succeeded', progress: { step: 250 } });
  t.equal((await outcome(address, done)).weights, whole.weights, 'it has kept the weights of the other');
  t.match(await call(address, '/v1/runs', { json: { fork: { runId: whole.id }, ...still } }), { status: 400, body: { errors: [{ pointer: '/fork/runId' }] } }, 'what is gone starts nothing');
}

async function databaseKilled(t: Test, service: ServiceProcess) {
  const { address } = service;
  const { body: run } = await call<Run>(address, '/v1/runs', { json: MEDIUM });
  await until(async () => (await call<Run>(address, `/v1/runs/${run.id}`)).body.progress.step > 0, { what: 'training to begin', deadlineMs: 60_000 });
  const pid = Number(readFileSync(join(service.dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
  process.kill(pid, 'SIGKILL');
  const again = await ended(address, run.id);
  t.match(again, { state: 'succeeded', attempt: 1 }, 'by the attempt that was under way');
  const { body: page } = await call<{ items: { seq: number }[]; head: number }>(address, `/v1/runs/${run.id}/events?limit=1000`);
  t.same(page.items.map((event) => event.seq), Array.from({ length: page.head }, (_, index) => index + 1), 'no event is lost or doubled');
  const { body: series } = await call<{ series: { count: number }[] }>(address, `/v1/runs/${run.id}/metrics?key=batch/loss`);
  t.equal(series.series[0]?.count, again.progress.totalSteps, 'and no point');
}

/** Answers the id of the run that was under way. */
async function stopped(t: Test, service: ServiceProcess): Promise<string> {
  const { body: run } = await call<Run>(service.address, '/v1/runs', { json: MEDIUM });
  await until(async () => (await call<Run>(service.address, `/v1/runs/${run.id}`)).body.progress.step > 0, { what: 'training to begin', deadlineMs: 60_000 });
  const said = service.output().length;
  t.equal(await service.stop(), 0, 'it ends with code 0');
  t.notMatch(service.output().slice(said), /"level":(50|60)/, 'and without an error in its log');
  return run.id;
}

async function goesOn(t: Test, { address }: ServiceProcess, id: string) {
  const run = await ended(address, id);
  t.match(run, { state: 'succeeded', attempt: 2 });
  t.ok(run.transitions.some((transition) => transition.state === 'queued' && transition.reason === 'preempted'));
  const { body: series } = await call<{ series: { count: number }[] }>(address, `/v1/runs/${id}/metrics?key=batch/loss`);
  t.equal(series.series[0]?.count, run.progress.totalSteps, 'the curve is that of the attempt that finished');
}

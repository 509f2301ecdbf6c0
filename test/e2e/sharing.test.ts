// Three teams on a box with two GPUs, which are simulated; the trainings are real. Everything is seen over HTTP.
import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { CreatedApiKey } from '../../src/schemas/identity.js';
import type { Ledger } from '../../src/schemas/ledger.js';
import type { Plan } from '../../src/schemas/plan.js';
import type { Problem } from '../../src/schemas/problem.js';
import type { Queue, QueueOutlook } from '../../src/schemas/queue.js';
import type { Artifact } from '../../src/schemas/artifact.js';
import type { Run } from '../../src/schemas/run.js';
import { call } from '../helpers/client.js';
import { until } from '../helpers/poll.js';
import { startService, type ServiceProcess } from '../helpers/service.js';

const GPUS = '2x4GiB';
const MODEL = { layers: [{ type: 'flatten' }, { type: 'dense', units: 32, activation: 'relu' }, { type: 'dropout', rate: 0.3 }, { type: 'dense', units: 10, activation: 'softmax' }] };
/** So many epochs of 200 small steps. */
const spec = (epochs: number, resources: object = {}) => ({
  dataset: { name: 'mnist', take: 3_200, validation: 'none' }, model: MODEL, optimizer: { type: 'adam' }, loss: 'categoricalCrossentropy', engine: 'compiled',
  fit: { batchSize: 16, epochs, seed: 7 }, checkpoints: { everySeconds: 1 }, resources: { device: 'gpu', ...resources },
});
/** For as long as a test needs it. */
const ENDLESS = 100_000;
const RUNS_EACH = 4;

type Scope = Parameters<typeof startService>[0];

/** A team's way to the service. */
interface TeamClient {
  name: string;
  ask<T>(path: string, init?: Parameters<typeof call>[2]): Promise<T>;
  submit(body: object): Promise<Run>;
  get(id: string): Promise<Run>;
  reaches(id: string, states: readonly Run['state'][]): Promise<Run>;
  cancel(...runs: readonly Run[]): Promise<void>;
}

async function teamOf({ address }: ServiceProcess, name: string, share: object): Promise<TeamClient> {
  const done = async <T>(path: string, init: Parameters<typeof call>[2]) => {
    // As a client does: what may succeed later is asked again.
    const { status, body } = await until(async () => {
      const answer = await call<T>(address, path, init);
      return (answer.body as Partial<Problem> | null)?.retryable === true ? null : answer;
    }, { what: `an answer to ${path}`, deadlineMs: 60_000, everyMs: 1_000 });
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
  await done('/v1/teams', { json: { name, ...share } });
  await done('/v1/users', { json: { name: `${name}-user` } });
  await done(`/v1/teams/${name}/members/${name}-user`, { method: 'PUT', json: { role: 'member' } });
  const { key } = await done<CreatedApiKey>('/v1/keys', { json: { name: 'test', team: name, user: `${name}-user` } });
  const ask = <T>(path: string, init: Parameters<typeof call>[2] = {}) => done<T>(path, { ...init, headers: { ...(init?.headers as Record<string, string>), authorization: `Bearer ${key}` } });
  const get = (id: string) => ask<Run>(`/v1/runs/${id}`);
  const reaches: TeamClient['reaches'] = (id, states) => until(async () => { const run = await get(id); return states.includes(run.state) ? run : null; }, { what: `run ${id} of ${name} to be ${states.join(' or ')}`, deadlineMs: 90_000 });
  return {
    name, ask, get, reaches,
    submit: (body) => ask<Run>('/v1/runs', { json: body, headers: { 'idempotency-key': randomUUID() } }),
    async cancel(...runs) {
      for (const { id } of runs) await ask(`/v1/runs/${id}/cancel`, { method: 'POST' });
      for (const { id } of runs) await reaches(id, ['cancelled']);
    },
  };
}

async function shared(t: Scope, weights: readonly number[] = [1, 1, 1]) {
  const service = await startService(t, { TRAINYARD_SIMULATED_GPUS: GPUS, TRAINYARD_SLOTS: '2', TRAINYARD_QUANTUM_SECONDS: '2' });
  const teams: TeamClient[] = [];
  for (const [index, name] of ['vision', 'speech', 'robots'].entries()) teams.push(await teamOf(service, name, { weight: weights[index] }));
  return [service, ...teams] as [ServiceProcess, TeamClient, TeamClient, TeamClient];
}

const weightsOf = async (team: TeamClient, { id }: Run) => (await team.ask<{ items: Artifact[] }>(`/v1/runs/${id}/artifacts`)).items.find(({ path }) => path === 'model/weights.bin')?.sha256;

t.test('runs are packed by memory, and those that wait are told why and what would help', async (t) => {
  const [, vision, speech] = await shared(t);
  const [a, b] = [await vision.submit(spec(ENDLESS, { memoryMiB: 1_000 })), await vision.submit(spec(ENDLESS, { memoryMiB: 1_000 }))];
  const placed = await Promise.all([a, b].map(({ id }) => vision.reaches(id, ['running'])));
  t.equal(placed[0]?.placement?.devices[0], placed[1]?.placement?.devices[0], 'two that fit beside each other are on one GPU');
  const c = await speech.submit(spec(ENDLESS, { memoryMiB: 3_000 }));
  t.not((await speech.reaches(c.id, ['running'])).placement?.devices[0], placed[0]?.placement?.devices[0], 'one that does not is on the other');
  const waiting = await speech.submit(spec(1, { memoryMiB: 2_500 }));
  const outlook = await speech.ask<QueueOutlook>(`/v1/runs/${waiting.id}/queue`);
  t.match(outlook, { position: 1, positionInTeam: 1, reason: { code: 'memory', message: /MiB of memory are missing on the GPU with the most room/ } });
  const less = outlook.wouldStart.find(({ type }) => type === 'memory');
  t.ok(less?.memoryMiB !== undefined && less.memoryMiB < 2_500, less?.message ?? 'less memory would help');
  const fitting = await speech.submit(spec(ENDLESS, { memoryMiB: less!.memoryMiB }));
  await speech.reaches(fitting.id, ['running']);
  t.match(await speech.get(waiting.id), { state: 'queued', placement: null }, 'which one that asks for so much shows, and the other waits on');
  const { queue } = await vision.ask<Plan>('/v1/runs:plan', { json: spec(1, { memoryMiB: 8_000 }) });
  t.match(queue, { reason: { code: 'too_large' }, estimatedStart: { likely: null } }, 'a plan says that it can never start');
  t.match(await vision.ask<Queue>('/v1/queue'), { items: [], waiting: 1, running: 4 }, "another team's runs are counted, not shown");
  await Promise.all([vision.cancel(a, b), speech.cancel(fitting)]);
  await speech.reaches(waiting.id, ['succeeded']);
  t.match((await speech.ask<{ items: { id: string; simulated: boolean; memoryMiB: number }[] }>('/v1/devices')).items.filter(({ simulated }) => simulated), [{ id: 'gpu:0', memoryMiB: 4_096 }, { id: 'gpu:1', memoryMiB: 4_096 }]);
});

t.test('a run of a team that has more than its share makes room, and ends as if it had not', async (t) => {
  const [, vision, speech] = await shared(t);
  const body = spec(80, { exclusive: true });
  const first = await vision.submit(body);
  await vision.reaches(first.id, ['running']);
  // The other one has not had its time in peace when somebody comes, has a higher priority, and never ends by itself.
  const second = await vision.submit({ ...spec(ENDLESS, { exclusive: true }), priority: 10 });
  await vision.reaches(second.id, ['starting', 'running']);
  const mine = await speech.submit(spec(ENDLESS, { exclusive: true }));
  await speech.reaches(mine.id, ['running']);
  t.match(await vision.ask<Plan>('/v1/runs:plan', { json: body }), { queue: { reason: { code: 'exclusive' } } });
  const preempted = await vision.get(first.id);
  t.match(preempted.transitions.find(({ reason }) => reason === 'preempted'), { state: 'queued', message: /made room: its team had more than its share/ });
  t.equal(preempted.retries, 0, 'which costs it no retry');
  t.match(await vision.ask<QueueOutlook>(`/v1/runs/${first.id}/queue`), { positionInTeam: 1, reason: { code: 'exclusive' } });
  await vision.cancel(second);
  const cut = await vision.reaches(first.id, ['succeeded']);
  t.ok(cut.attempt > 1, 'it was cut');
  await speech.cancel(mine);
  const whole = await vision.submit(body);
  t.match(await vision.reaches(whole.id, ['succeeded']), { attempt: 1 });
  t.equal(await weightsOf(vision, cut), await weightsOf(vision, whole), 'to the bit, the weights are those of a run that was left in peace');
});

t.test('shares are those of the weights while all want more, and estimates are held against what happened', async (t) => {
  const [service, ...teams] = await shared(t, [2, 1, 1]);
  // The operator's own team has the box until everybody is in line.
  const blockers = await Promise.all([0, 1].map(async () => (await call<Run>(service.address, '/v1/runs', { json: spec(ENDLESS, { exclusive: true }) })).body));
  const stateOf = async ({ id }: Run) => (await call<Run>(service.address, `/v1/runs/${id}`)).body.state;
  await until(async () => (await Promise.all(blockers.map(stateOf))).every((state) => state === 'running'), { what: 'the box to be full', deadlineMs: 90_000 });
  const all = (await Promise.all(teams.map(async (team) => Promise.all(Array.from({ length: RUNS_EACH }, async () => ({ team, run: await team.submit(spec(1, { exclusive: true })) })))))).flat();
  const queue = await until(async () => { const found = await teams[1]!.ask<Queue>('/v1/queue'); return found.items.length > 0 && found.items[0]!.estimatedStart.earliest !== null ? found : null; }, { what: 'the queue to tell when runs start', deadlineMs: 30_000 });
  t.match(queue.team, { share: 0.2, leftTodaySeconds: null }, 'a fifth is due to it: two, one and one of the teams, and one of the operator');
  t.ok(queue.team.used < 0.2, `and it has had ${queue.team.used} of what was used`);
  t.same(queue.items.map(({ positionInTeam }) => positionInTeam), queue.items.map((_, index) => index + 1), 'in order');
  for (const { estimatedStart: { earliest, likely, latest } } of queue.items) t.ok(likely === null || (earliest! <= likely && (latest === null || likely <= latest)), `${earliest} <= ${likely} <= ${latest}`);
  // The last two: those before them may be given a place at any moment.
  const [other, last] = queue.items.slice(-2).map(({ runId }) => runId);
  await teams[1]!.ask<Run>(`/v1/runs/${last}/move`, { json: { before: other } });
  t.strictSame((await teams[1]!.ask<Queue>('/v1/queue')).items.slice(-2).map(({ runId }) => runId), [last, other], 'one that is moved is seen in its place at once');
  for (const { id } of blockers) await call(service.address, `/v1/runs/${id}/cancel`, { method: 'POST' });
  const ended = await Promise.all(all.map(async ({ team, run }) => ({ team: team.name, run: await team.reaches(run.id, ['succeeded']) })));
  const order = ended.sort((a, b) => (a.run.startedAt! < b.run.startedAt! ? -1 : 1)).map(({ team }) => team);
  const among = (team: string) => order.slice(0, 2 * RUNS_EACH).filter((one) => one === team).length;
  const counts = teams.map(({ name }) => among(name));
  // While all of them want more: half of the starts are the first team's, to one run.
  for (const [index, expected] of [RUNS_EACH, RUNS_EACH / 2, RUNS_EACH / 2].entries()) t.ok(Math.abs(counts[index]! - expected) <= 1, `${teams[index]!.name} had ${counts[index]} of the first ${2 * RUNS_EACH} starts, its share is ${expected}: ${order.join(' ')}`);
  const { items } = await teams[0]!.ask<Ledger>('/v1/ledger?by=run');
  t.equal(items.length, RUNS_EACH, 'every run is in the books');
  for (const item of items) t.ok(Math.abs(item.usefulSeconds + item.afterBestSeconds + item.lostSeconds + item.idleSeconds - item.deviceSeconds) < 1e-3, 'and all of its time is accounted for');
  const { accuracy } = await until(async () => { const found = await teams[1]!.ask<Queue>('/v1/queue'); return found.accuracy.count >= RUNS_EACH ? found : null; }, { what: 'estimates to be held against starts', deadlineMs: 20_000 });
  t.ok(accuracy.medianErrorSeconds !== null && accuracy.medianErrorSeconds < 60, `half of them within ${accuracy.medianErrorSeconds} s`);
});

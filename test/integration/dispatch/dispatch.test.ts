// What is started where, on a real database and queue: by several supervisors, in the order and within the bounds of
// the policy, whoever leads.
import { hostname } from 'node:os';
import t from 'tap';
import { waitingRun } from '../../../src/dispatch/situation.js';
import { createBoxService } from '../../../src/devices/boxes.js';
import { isStillWelcome, join } from '../../../workers/join.js';
import { fakeDriver, gpuLine, UUID } from '../../helpers/fake-driver.js';
import { until } from '../../helpers/poll.js';
import { box, SPEC, type Box } from '../workers/harness.js';

const working = async ({ stores }: Box) => (await stores.placements.placed()).filter(({ state }) => state !== 'queued');
const owner = async ({ stores }: Box) => (await stores.database.schedulerLease.findFirst())?.owner;

t.test('two supervisors never start the same run', async (t) => {
  const place = await box(t);
  const { submit, supervise, ends, story } = place;
  await Promise.all([supervise('succeeds', { box: 'a' }), supervise('succeeds', { box: 'b' })]);
  const runs = await Promise.all(Array.from({ length: 24 }, submit));
  const ended = await Promise.all(runs.map(({ id }) => ends(id)));
  t.same([...new Set(ended.map(({ state, attempt }) => `${state} ${attempt}`))], ['succeeded 1'], 'each was started once');
  t.same([...new Set(ended.map(({ placement }) => placement?.box))].sort(), ['a', 'b'], 'both have trained');
  t.equal((await story(runs[0]!.id)).filter((what) => what === 'state:starting').length, 1);
  t.equal(await place.stores.database.deviceUse.count(), 24, 'one use each');
});

t.test('two supervisors of one box share its devices', async (t) => {
  const place = await box(t);
  await Promise.all([place.supervise('waits'), place.supervise('waits')]);
  const runs = await Promise.all(Array.from({ length: 5 }, place.submit));
  await until(async () => (await working(place)).length === 2, { what: 'both slots of the box to be taken' });
  const states = await Promise.all(runs.map(async ({ id }) => (await place.runs.get(place.teamId, id)).state));
  t.equal(states.filter((state) => state === 'queued').length, 3, 'the others wait');
});

t.test('what a supervisor trains is not others\' memory for another one of its box', { skip: process.platform !== 'linux' && 'there is no /proc here' }, async (t) => {
  const { supervise, stores } = await box(t);
  const driver = fakeDriver(t);
  // The parent of this process, and no descendant of it: the other supervisor, and what it trains.
  driver.set('answer', { gpus: gpuLine(4_000), processes: `${UUID}, ${process.ppid}, 4000, node\n` });
  const other = { id: 'other', box: 'box', host: hostname(), pid: process.ppid, slots: 2, devices: [], startedAt: new Date(0) };
  await stores.workers.beat({ ...other, host: 'elsewhere' });
  await supervise('waits', { program: driver.program });
  const foreign = async (memoryMiB: number) => (await stores.workers.listAlive(60_000)).some(({ devices }) => devices.some(({ foreignMemoryMiB }) => foreignMemoryMiB === memoryMiB));
  await until(() => foreign(4_000), { what: 'it to be a stranger, as what has its number on another machine' });
  await stores.workers.beat(other);
  await until(() => foreign(0), { what: 'it to be known' });
});

t.test('when the one that decides stops, another does', async (t) => {
  const place = await box(t);
  const first = await place.supervise('succeeds', { box: 'a' });
  await until(async () => (await owner(place)) === 'supervisor-0', { what: 'the first to lead' });
  await place.supervise('succeeds', { box: 'b' });
  await first.stop();
  const { id } = await place.submit();
  t.match(await place.ends(id), { state: 'succeeded', placement: { box: 'b' } });
  t.equal(await owner(place), 'supervisor-1');
});

t.test('a team has no more runs at once than its quota', async (t) => {
  const place = await box(t);
  await place.stores.database.team.updateMany({ data: { maxRuns: 1 } });
  await place.supervise('waits');
  const [first, second] = [await place.submit(), await place.submit()];
  await place.reaches(first.id, ['running']);
  await place.stores.bus.sendCommand({ type: 'changed' });
  t.equal((await place.runs.get(place.teamId, second.id)).state, 'queued');
  await place.runs.cancel(place.teamId, first.id);
  await place.reaches(second.id, ['running']);
  t.equal((await working(place)).length, 1);
});

t.test('when its time on devices is used up, its runs make room until tomorrow', async (t) => {
  const place = await box(t);
  await place.supervise('waits');
  const { id } = await place.submit();
  await place.reaches(id, ['running']);
  await place.stores.database.team.updateMany({ data: { gpuSecondsPerDay: 0 } });
  await place.stores.bus.sendCommand({ type: 'changed' });
  t.match(await place.reaches(id, ['queued']), { reason: 'preempted', message: /used up today's time/ });
  await place.stores.database.team.updateMany({ data: { gpuSecondsPerDay: null } });
  await place.stores.bus.sendCommand({ type: 'changed' });
  t.match(await place.reaches(id, ['running']), { attempt: 2, retries: 0 }, 'which costs it no retry');
});

t.test('a cordoned box takes no new runs, a draining one lets go of those that it has, a removed one is gone', async (t) => {
  const place = await box(t);
  const { stores, submit, reaches, runs, teamId } = place;
  const boxes = createBoxService({ ...stores, leaseMs: place.config.leaseMs, onChanged: () => void stores.bus.sendCommand({ type: 'changed' }) });
  for (const name of ['box', 'other']) await stores.boxes.register(name);
  await place.supervise('waits');
  const first = await submit();
  await reaches(first.id, ['running']);
  await boxes.tell('box', 'cordoned');
  // Packed as it would be beside the first, were the box not cordoned.
  const other = await place.supervise('waits', { box: 'other' });
  const second = await submit();
  t.match(await reaches(second.id, ['running']), { placement: { box: 'other' } }, 'what comes goes elsewhere');
  t.match(await runs.get(teamId, first.id), { state: 'running', placement: { box: 'box' } }, 'what was there goes on');
  await boxes.tell('other', 'draining');
  await reaches(second.id, ['queued']);
  await other.stop();
  await t.rejects(boxes.remove('box'), { code: 'box_in_use' });
  await boxes.tell('box', 'draining');
  t.match(await reaches(first.id, ['queued']), { reason: 'preempted', message: /drained/ });
  await boxes.tell('box', 'open');
  await reaches(first.id, ['running']);
  await reaches(second.id, ['running']);
  await boxes.tell('box', 'draining');
  await until(async () => (await boxes.get('box')).runs === 0, { what: 'the box to be empty' });
  await boxes.remove('box');
  await t.rejects(boxes.get('box'), { code: 'not_found' });
  const { token } = await boxes.create('box');
  t.match(token, /^tyw_/, 'until it is made anew');
  await t.rejects(boxes.create('box'), { code: 'name_taken' });
});

t.test('once a box has a token, nobody joins without', async (t) => {
  const { stores, config } = await box(t);
  const boxes = createBoxService({ ...stores, leaseMs: config.leaseMs, onChanged: () => undefined });
  const enter = (name: string, token: string | null = null, isOwn = false) => join(stores, { box: name, host: 'here', token, isOwn, leaseMs: config.leaseMs });
  const early = await enter('early');
  const { token } = await boxes.create('second');
  await t.rejects(enter('late'), { name: 'NotWelcomeError', message: /there is no box late; make it \(POST \/v1\/boxes\)/ });
  await t.rejects(enter('late', token), { name: 'NotWelcomeError' }, "or with another's");
  t.equal(await stores.boxes.find('late'), null, 'it has left no trace');
  t.match(await enter('second', token), { name: 'second' });
  t.match(await enter('own', null, true), { tokenHash: null }, 'but the box of the service itself');
  t.match(await enter('early'), { tokenHash: null }, 'and who has joined before');

  await boxes.tell('early', 'cordoned');
  const given = await boxes.create('early');
  t.match(given, { hasToken: true, phase: 'cordoned' }, 'which is given one');
  t.ok(isStillWelcome(await stores.boxes.find('early'), early), 'and goes on until its next start');
  await t.rejects(enter('early'), { name: 'NotWelcomeError', message: /is missing of the box early/ });
  await enter('early', given.token);
  await t.rejects(boxes.create('early'), { code: 'name_taken' }, 'but only once');
  await boxes.remove('early');
  t.notOk(isStillWelcome(await stores.boxes.find('early'), early));
  await t.rejects(enter('early', given.token), { name: 'NotWelcomeError', message: /was removed/ });
  await boxes.create('early');
  t.notOk(isStillWelcome(await stores.boxes.find('early'), early), 'made anew it is another');
  await stores.workers.beat({ id: 'a', box: 'second', host: 'there', pid: 1, slots: 1, devices: [], startedAt: new Date() });
  await t.rejects(enter('second', token), { name: 'ConfigError', message: /is the box of the host there/ }, 'which may be over in a moment');
});

t.test('a run is admitted by the memory that runs of its shape took', async (t) => {
  const place = await box(t);
  const { stores, submit, reaches, runs, teamId } = place;
  await place.supervise('waits');
  const first = await submit();
  const estimated = (await reaches(first.id, ['running'])).placement!.memoryMiB;
  await until(async () => (await stores.workers.listAlive(60_000)).some(({ devices }) => devices.some((device) => device.runs.some(({ memoryMiB }) => memoryMiB !== null))), { what: 'its memory to be seen' });
  await runs.cancel(teamId, first.id);
  const { peakMiB } = await until(async () => stores.database.measurement.findFirst({ where: { deviceKind: 'cpu' } }), { what: 'what it took to be noted' });
  t.ok(peakMiB !== null && peakMiB > 20 && peakMiB < 2_000, `${peakMiB} MiB, which is a process of Node`);
  // What is known of a shape is asked again every few seconds.
  const given = await until(async () => {
    const { id } = await submit();
    const { memoryMiB } = (await reaches(id, ['running'])).placement!;
    await runs.cancel(teamId, id);
    await place.ends(id);
    return memoryMiB === estimated ? null : memoryMiB;
  }, { what: 'a run to be given what was measured', deadlineMs: 20_000 });
  const { peakMiB: latest } = (await stores.database.measurement.findFirst({ where: { deviceKind: 'cpu' } }))!;
  t.ok(given >= Math.ceil(peakMiB! * 1.1) && given <= Math.ceil(latest! * 1.1), `${given} MiB: the peak and a tenth`);
});

t.test('a run whose time is up has failed, with what it had kept', async (t) => {
  const place = await box(t);
  await place.supervise('waits');
  const { run } = await place.runs.submit({ teamId: place.teamId }, { ...SPEC, resources: { maxRuntimeSeconds: 1 } });
  t.match(await place.ends(run.id), { state: 'failed', reason: 'timeout', message: /allows 1 s/ });
  await place.runs.resume(place.teamId, run.id);
  await place.reaches(run.id, ['running']);
  t.match(await place.ends(run.id), { state: 'failed', reason: 'timeout', attempt: 2 }, 'who resumes it gives it as long again');
});

t.test('a run whose time is up does not wait for another device', async (t) => {
  const place = await box(t);
  const { stores, runs, teamId, story } = place;
  await place.supervise('waits');
  const { run } = await runs.submit({ teamId }, { ...SPEC, resources: { maxRuntimeSeconds: 3600 } });
  await place.reaches(run.id, ['running']);
  const startedBefore = (ms: number) => stores.database.deviceUse.updateMany({ where: { runId: run.id, endedAt: null }, data: { startedAt: new Date(Date.now() - ms) } });
  await startedBefore(1800_000);
  await stores.lifecycle.handBack({ runId: run.id, attempt: 1 }, 'for the test');
  await until(async () => (await runs.get(teamId, run.id)).attempt === 2, { what: 'its second attempt' });
  await startedBefore(1801_000);
  t.match(await stores.lifecycle.handBack({ runId: run.id, attempt: 2 }, 'for the test'), { state: 'failed', reason: 'timeout', message: 'its time on devices is up: the spec allows 3600 s' });
  t.equal((await story(run.id)).filter((what) => what === 'state:queued').length, 2, 'it was in line twice');
  await runs.resume(teamId, run.id);
  await until(async () => (await runs.get(teamId, run.id)).attempt === 3, { what: 'an attempt after it was resumed' });
  t.match(await stores.lifecycle.handBack({ runId: run.id, attempt: 3 }, 'for the test'), { state: 'queued' }, 'who resumes it gives it as long again');
});

t.test('a run that holds devices and computes nothing is stopped', async (t) => {
  const place = await box(t, { idleMs: 1_000 });
  await place.supervise('waits');
  const { id } = await place.submit();
  t.match(await place.ends(id), { state: 'failed', reason: 'timeout', message: /computed no step/ });
});

t.test('a team whose files are over its quota submits and resumes nothing', async (t) => {
  const place = await box(t);
  const { runs, teamId, stores, submit } = place;
  const { id } = await submit();
  await runs.pause(teamId, id);
  await stores.database.artifact.create({ data: { runId: id, path: 'a', sha256: 'a'.repeat(64), bytes: 2_048n, contentType: 'text/plain' } });
  await stores.database.team.updateMany({ data: { storageBytes: 2_048n } });
  await t.rejects(submit(), { code: 'quota_spent', message: /take 2 KiB, and its quota is 2 KiB/ });
  t.match(await runs.plan({ teamId }, SPEC), { valid: true, warnings: [{ pointer: '', detail: /^would be refused: The team's files take 2 KiB/ }] });
  await t.rejects(runs.resume(teamId, id), { code: 'quota_spent' });
  await stores.database.team.updateMany({ data: { storageBytes: 2_049n } });
  t.match(await runs.resume(teamId, id), { state: 'queued' });
});

t.test('what a run took that was trained in parts tells nothing of whole batches', async (t) => {
  const { stores, submit } = await box(t);
  for (const [parts, count] of [[2, 0], [1, 1]] as const) {
    const { id } = await submit();
    await stores.database.run.update({ where: { id }, data: { box: 'box', placedAt: new Date(), deviceIds: ['cpu'], memoryMiB: 1, share: 1, gradientAccumulationSteps: parts } });
    await stores.lifecycle.claim({ runId: id, attempt: 1 }, 'test', { box: 'box' });
    await stores.lifecycle.advance({ runId: id, attempt: 1 }, 'running');
    await stores.measurements.note({ runId: id, attempt: 1 }, 3_000);
    t.equal(await stores.database.measurement.count(), count);
  }
});

t.test('nor does it start what it had submitted before', async (t) => {
  const place = await box(t);
  const { runs, teamId, stores, submit } = place;
  const [first, second] = [await submit(), await submit()];
  await runs.pause(teamId, first.id);
  await stores.database.artifact.create({ data: { runId: first.id, path: 'a', sha256: 'a'.repeat(64), bytes: 2_048n, contentType: 'text/plain' } });
  await stores.database.team.updateMany({ data: { storageBytes: 2_048n } });
  t.same([...(await stores.usage.storageOfWaiting())], [[teamId, { bytes: 2_048, limitBytes: 2_048 }]]);
  let rounds = 0;
  await place.supervise('succeeds');
  await until(async () => {
    await stores.bus.sendCommand({ type: 'changed' });
    return (rounds += 1) > 20;
  }, { what: 'some rounds of decisions' });
  t.match(await runs.get(teamId, second.id), { state: 'queued', attempt: 0 });
  await stores.database.artifact.deleteMany();
  t.match(await place.ends(second.id), { state: 'succeeded' }, 'until there is room again');
  t.same([...(await stores.usage.storageOfWaiting())], [], 'nobody waits');
});

t.test('a run takes a place, not the age of the one before which it is moved', async (t) => {
  const place = await box(t);
  const { runs, teamId, submit, stores } = place;
  const some = [await submit(), await submit(), await submit(), await submit()];
  // As if they had come at once.
  await stores.database.run.updateMany({ data: { queuedAt: new Date('2026-01-01T00:00:00Z') } });
  const [a, b, c, d] = some.map(({ id }) => id).sort() as [string, string, string, string];
  const order = async () => (await stores.placements.waiting()).map((row) => waitingRun(row, { now: Date.now(), largest: { gpu: null, cpu: 8_000 }, measured: new Map() })).sort((x, y) => x.place - y.place || (x.id < y.id ? -1 : 1));
  await runs.move(teamId, d, { before: b });
  t.strictSame((await order()).map(({ id }) => id), [a, d, b, c], 'also among equals');
  await runs.move(teamId, c, { before: d });
  t.strictSame((await order()).map(({ id }) => id), [a, c, d, b]);
  t.strictSame([...new Set((await order()).map(({ since }) => since))], [Date.parse('2026-01-01T00:00:00Z')]);
  for (const [id, ms] of [[a, 0], [b, 1], [c, 1_001], [d, 2_000]] as const) await stores.database.run.update({ where: { id }, data: { queuedAt: new Date(Date.UTC(2026, 0, 1) + ms), linedUpAt: null } });
  await runs.move(teamId, d, { before: c });
  t.strictSame((await order()).map(({ id }) => id), [a, b, d, c], 'whoever stands before it keeps its place, however much older it is');
});

t.test('waiting runs of a user are moved, and take their priority along', async (t) => {
  const place = await box(t);
  const { runs, teamId, submit } = place;
  const [a, b, c, d] = [await submit(), await submit(), await submit(), await submit()];
  await runs.move(teamId, d.id, { before: a.id });
  await runs.move(teamId, b.id, { before: a.id });
  await runs.annotate(teamId, c.id, { priority: 5 });
  await t.rejects(runs.move(teamId, a.id, { before: a.id }), { code: 'run_not_queued' });
  await place.stores.database.team.updateMany({ data: { maxRuns: 1 } });
  await place.supervise('succeeds');
  const started = await Promise.all([a, b, c, d].map(async ({ id }) => ({ id, at: (await place.ends(id)).startedAt! })));
  t.same(started.sort((one, other) => (one.at < other.at ? -1 : 1)).map(({ id }) => id), [c.id, d.id, b.id, a.id]);
  await t.rejects(runs.move(teamId, a.id, { before: b.id }), { code: 'run_not_queued' }, 'which they do not any more');
});

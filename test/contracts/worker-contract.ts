// Supervisors: alive while they beat.
import type { Test } from 'tap';
import type { Worker } from '../../src/devices/worker-repository.js';
import { testDevice } from '../fakes/devices.js';
import { STORED, UNSTORABLE, type CreateSubject } from './subject.js';

const supervisor = (id: string, changes: Partial<Worker> = {}): Omit<Worker, 'heartbeatAt'> => ({
  id, box: 'box', host: 'box', pid: 4_194_304, slots: 2, startedAt: new Date('2026-01-01T00:00:00.123Z'), devices: [], ...changes,
});

export async function workerContract(t: Test, createSubject: CreateSubject): Promise<void> {
  const { workers } = await createSubject(t);
  const long = 24 * 3600_000;

  await t.test('a beat makes a supervisor known, later ones keep it so', async (t) => {
    t.strictSame(await workers.listAlive(long), [], 'nobody is there at first');
    const devices: Worker['devices'] = [testDevice({ id: 'gpu:0', kind: 'gpu', memoryMiB: 143_771, cores: null, backends: ['tensorflow'], unavailable: [{ backend: 'webgpu', reason: 'none' }], processes: [{ pid: 7, name: 'python3', memoryMiB: null }], runs: [{ id: '01890000-0000-7000-8000-000000000001', attempt: 1, memoryMiB: 900 }], sampledAt: '2026-01-01T00:00:00.000Z' })];
    await workers.beat(supervisor('b', { devices, startedAt: new Date('2026-01-02T00:00:00.000Z') }));
    await workers.beat(supervisor('a'));
    const [first, second] = await workers.listAlive(long);
    t.match(first, supervisor('a'), 'the one that started first comes first');
    t.match(second, supervisor('b', { devices, startedAt: new Date('2026-01-02T00:00:00.000Z') }), 'the later one comes second, with its devices');
    t.ok(Math.abs((first?.heartbeatAt.getTime() ?? 0) - Date.now()) < 60_000, 'it beat now');

    await workers.beat(supervisor('b', { slots: 5, startedAt: new Date('2025-01-01T00:00:00.000Z') }));
    const again = await workers.listAlive(long);
    t.match(again, [{ id: 'b', slots: 5, devices: [] }, { id: 'a' }], 'a beat brings what is new');
    t.ok((again[0]?.heartbeatAt ?? 0) >= (second?.heartbeatAt ?? 0), 'and is newer than the one before');
  });

  await t.test('silence, and a farewell, make it unknown', async (t) => {
    await workers.beat(supervisor('c'));
    const alive = async (withinMs: number) => (await workers.listAlive(withinMs)).some(({ id }) => id === 'c');
    t.ok(await alive(60_000), 'it beat in the last minute');
    t.notOk(await alive(-60_000), 'not in the one to come');
    await workers.remove('c');
    t.notOk(await alive(long), 'it has gone');
    await t.resolves(workers.remove('c'), 'going twice is no fault');
  });

  await t.test('those that were killed are forgotten after a time', async (t) => {
    await workers.beat(supervisor('killed'));
    const isKept = async () => (await workers.listAlive(long)).some(({ id }) => id === 'killed');
    await workers.forgetSilent(60_000);
    t.ok(await isKept(), 'not those that beat since');
    await workers.forgetSilent(-60_000);
    t.notOk(await isKept(), 'but those that did not');
  });

  await t.test('what a device says of itself can always be kept', async (t) => {
    await workers.beat(supervisor('d', { devices: [testDevice({ name: UNSTORABLE })] }));
    t.match((await workers.listAlive(long)).find(({ id }) => id === 'd'), { devices: [{ name: STORED }] }, 'with what can be stored of it');
  });
}

// Which devices are there, by whom they were heard of last.
import t from 'tap';
import type { Device, Worker } from '../../../src/devices/worker-repository.js';
import { readScene } from '../../../src/dispatch/scene.js';
import { testDevice } from '../../fakes/devices.js';

const NOW = 1_000_000;
const worker = (box: string, ago: number, device: Partial<Device>): Worker => ({
  id: box, box, host: box, pid: 1, slots: 1, devices: [testDevice({ simulated: true, ...device })], startedAt: new Date(0), heartbeatAt: new Date(NOW - ago),
});

t.test('a box that has gone silent takes no runs, and is waited for', async (t) => {
  const workers = [
    worker('here', 5_000, { memoryMiB: 8_000, runs: [{ id: 'run', attempt: 1, memoryMiB: 700 }] }),
    worker('silent', 20_000, { id: 'gpu:0', kind: 'gpu', memoryMiB: 16_000, foreignMemoryMiB: 9_000, runs: [{ id: 'other', attempt: 1, memoryMiB: 900 }] }),
  ];
  const scene = await readScene({ workers: { listAlive: async () => workers }, boxes: { phases: async () => new Map([['here', 'cordoned']]) }, leaseMs: 10_000 }, NOW);
  t.strictSame(scene.alive.map(({ box }) => box), ['here']);
  t.strictSame(scene.devices.map(({ id, phase }) => `${id} ${phase}`), ['here/cpu cordoned']);
  t.strictSame(scene.largest, { gpu: 16_000 - 256, cpu: 8_000 }, 'with all of its memory');
  t.strictSame([...scene.seen], [['run', 700]]);
});

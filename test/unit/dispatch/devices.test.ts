// Which devices of which boxes runs are placed on.
import t from 'tap';
import { deviceKey, readDeviceKey, schedulableDevices } from '../../../src/dispatch/devices.js';
import type { Worker } from '../../../src/devices/worker-repository.js';
import { testDevice } from '../../fakes/devices.js';

const worker = (id: string, box: string, devices: Worker['devices'], startedAt = 0): Worker => ({ id, box, host: box, pid: 1, slots: 1, devices, startedAt: new Date(startedAt), heartbeatAt: new Date() });
const gpu = (changes: Partial<Worker['devices'][number]> = {}) => testDevice({ id: 'gpu:0', kind: 'gpu', memoryMiB: 10_000, foreignMemoryMiB: 0, slots: 4, backends: ['tensorflow'], ...changes });
const cpu = testDevice({ id: 'cpu', kind: 'cpu', memoryMiB: 8_000, foreignMemoryMiB: null, slots: 2, backends: [] });

t.test('a key says box and device', async (t) => {
  t.strictSame(readDeviceKey(deviceKey('gpu-1.lan', 'gpu:3')), { box: 'gpu-1.lan', deviceId: 'gpu:3' });
  t.throws(() => readDeviceKey('gpu:3'), TypeError);
});

t.test('memory is left to others and to what nobody sees', async (t) => {
  const [device, processor] = schedulableDevices([worker('a', 'one', [gpu({ foreignMemoryMiB: 3_000 }), cpu])], new Map());
  t.strictSame(device, { id: 'one/gpu:0', box: 'one', kind: 'gpu', memoryMiB: 10_000 - 3_000 - 256, slots: 4, phase: 'open' });
  t.match(processor, { id: 'one/cpu', memoryMiB: 8_000, slots: 2 }, 'what runs may have of a processor leaves room already');
  t.match(schedulableDevices([worker('a', 'one', [gpu({ foreignMemoryMiB: 20_000 })])], new Map()), [{ memoryMiB: 0 }], 'others may have it all');
  t.match(schedulableDevices([worker('a', 'one', [gpu({ foreignMemoryMiB: 20_000 })])], new Map(), { whenEmpty: true }), [{ memoryMiB: 10_000 - 256 }], 'for a while');
});

t.test('a GPU of which nothing is known takes one run, one that nothing trains on takes none', async (t) => {
  t.match(schedulableDevices([worker('a', 'one', [gpu({ memoryMiB: null, foreignMemoryMiB: null })])], new Map()), [{ slots: 1 }]);
  t.same(schedulableDevices([worker('a', 'one', [gpu({ backends: [] })])], new Map()), []);
  t.match(schedulableDevices([worker('a', 'one', [gpu({ backends: [], simulated: true })])], new Map()), [{ slots: 4 }], 'a simulated one needs none');
  t.same(schedulableDevices([worker('a', 'one', [gpu({ slots: 0 }), gpu({ slots: 0, memoryMiB: null })])], new Map()), [], 'nor is one that its box does not offer');
});

t.test('a box is there once, as its latest supervisor sees it, and as it was told', async (t) => {
  const twice = [worker('old', 'one', [cpu], 1), worker('new', 'one', [gpu(), cpu], 2), worker('other', 'two', [cpu], 1)];
  t.same(schedulableDevices(twice, new Map([['two', 'draining']])).map(({ id, phase }) => `${id} ${phase}`), ['one/gpu:0 open', 'one/cpu open', 'two/cpu draining']);
  t.same(schedulableDevices(twice, new Map([['one', 'removed'], ['two', 'cordoned']])).map(({ id, phase }) => `${id} ${phase}`), ['two/cpu cordoned']);
});

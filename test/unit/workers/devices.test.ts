// The devices of a box out of what was found out about them, and how a trainer is put on them.
import t from 'tap';
import type { BackendProbe } from '../../../src/ml/engines/eager/backends.js';
import { describeDevices, placementEnv, type BoxFacts } from '../../../workers/devices.js';
import { DeviceGoneError, placeOf } from '../../../workers/place.js';
import { testDevice, testRunSample } from '../../fakes/devices.js';
import { validSpec } from '../specs/specs.fixture.js';

const AT = new Date('2026-01-01T00:00:00.000Z');
const probe = (backend: BackendProbe['backend'], changes: Partial<BackendProbe> = {}): BackendProbe => ({ backend, available: true, automatic: true, device: 'cpu', deviceName: 'CPU', reason: null, ...changes });
const CPU_ONLY = [probe('tensorflow', { available: false, automatic: false, device: null, deviceName: null, reason: 'not installed' }), probe('wasm'), probe('cpu')];
const CUDA = [probe('tensorflow', { device: 'gpu', deviceName: 'GPU' }), probe('wasm'), probe('cpu')];
const gpu = (index: number) => ({ index, uuid: `GPU-${index}`, instance: null, isDivided: false, name: 'NVIDIA H100', memoryMiB: 81559, memoryUsedMiB: 5000, utilizationPercent: 40, temperatureCelsius: 50 });
const facts = (changes: Partial<BoxFacts> = {}): BoxFacts => ({
  cpu: { memoryUsedMiB: 2000, utilizationPercent: 12, at: AT }, cpuMemoryMiB: 8192, cpuSlots: 2, gpuSlots: 8, simulatedGpus: null, probes: [], nvidia: { gpus: [], processes: [], at: null }, shares: new Map(), runs: [], ...changes,
});

t.test('the processor is there before anything was probed', async (t) => {
  t.match(describeDevices(facts()), [{ id: 'cpu', kind: 'cpu', simulated: false, memoryMiB: 8192, memoryUsedMiB: 2000, foreignMemoryMiB: null, utilizationPercent: 12, slots: 2, backends: [], unavailable: [], sampledAt: AT.toISOString() }]);
  t.match(describeDevices(facts({ probes: CPU_ONLY })), [{ id: 'cpu', backends: ['wasm', 'cpu'], unavailable: [{ backend: 'tensorflow', reason: 'not installed' }] }], 'then with its backends');
});

t.test('NVIDIA GPUs, with whose their memory is', async (t) => {
  const [first, second, cpu] = describeDevices(facts({
    probes: CUDA,
    nvidia: { gpus: [gpu(0), gpu(3)], processes: [], at: AT },
    shares: new Map([['GPU-0', { foreign: [{ gpuUuid: 'GPU-0', pid: 7, name: 'python3', memoryMiB: 3000 }], foreignMemoryMiB: 3100, runs: new Map() }]]),
    runs: [testRunSample('a'), testRunSample('b', { deviceIds: ['cpu'], gpus: [], rssMiB: 300 })],
  }));
  t.match(first, { id: 'gpu:0', kind: 'gpu', uuid: 'GPU-0', slots: 8, cores: null, memoryMiB: 81559, memoryUsedMiB: 5000, foreignMemoryMiB: 3100, temperatureCelsius: 50, backends: ['tensorflow'], unavailable: [], sampledAt: AT.toISOString() });
  t.strictSame(first?.processes, [{ pid: 7, name: 'python3', memoryMiB: 3000 }]);
  t.strictSame(first?.runs, [{ id: 'a', attempt: 1, memoryMiB: 1024 }]);
  t.match(second, { id: 'gpu:3', uuid: 'GPU-3', foreignMemoryMiB: 0, processes: [], runs: [] }, 'counted as the driver counts them');
  t.match(cpu, { id: 'cpu', backends: ['wasm', 'cpu'], runs: [{ id: 'b', memoryMiB: 300 }] });
  t.notOk('index' in (first ?? {}));
  t.match(describeDevices(facts({ probes: CUDA, nvidia: { gpus: [gpu(0)], processes: [], at: AT }, isSilent: true })), [{ id: 'gpu:0', slots: 0, sampledAt: AT.toISOString() }, { id: 'cpu', slots: 2 }], 'a silent driver\'s take no runs');
});

t.test('an instance of a GPU is a device of its own', async (t) => {
  const [device] = describeDevices(facts({ probes: CUDA, nvidia: { gpus: [{ ...gpu(2), uuid: 'MIG-a', instance: { index: 1, gpuUuid: 'GPU-2' }, memoryMiB: 10_240, memoryUsedMiB: null }], processes: [], at: AT } }));
  t.match(device, { id: 'gpu:2.1', uuid: 'MIG-a', memoryMiB: 10_240, memoryUsedMiB: null, backends: ['tensorflow'] });
  t.equal(placementEnv([device!]).CUDA_VISIBLE_DEVICES, 'MIG-a');
  t.notOk('instance' in device! || 'isDivided' in device!);
});

t.test('WebGPU is offered on the GPU that it computes on, and on no other', async (t) => {
  const webgpu = (deviceName: string) => [probe('tensorflow', { device: 'gpu', deviceName: 'GPU' }), probe('webgpu', { device: 'gpu', deviceName }), probe('wasm')];
  const of = (deviceName: string, gpus: BoxFacts['nvidia']['gpus']) => describeDevices(facts({ probes: webgpu(deviceName), nvidia: { gpus, processes: [], at: AT } })).filter(({ kind }) => kind === 'gpu');
  const [first, second] = of('NVIDIA H100, NVIDIA: 570.86.15', [gpu(0), gpu(1)]);
  t.match(first, { backends: ['tensorflow', 'webgpu'], unavailable: [] }, 'the first of those that are alike');
  t.match(second, { backends: ['tensorflow'], unavailable: [{ backend: 'webgpu', reason: 'it computes on gpu:0, and cannot be told otherwise' }] });
  const mixed = [gpu(0), { ...gpu(1), name: 'NVIDIA H100 NVL' }, { ...gpu(2), name: 'NVIDIA T4' }];
  t.same(of('NVIDIA H100 NVL, NVIDIA: 570.86.15', mixed).map(({ backends }) => backends.includes('webgpu')), [false, true, false], 'by its name');
  t.same(of('NVIDIA: 570.86.15', mixed).map(({ backends }) => backends.includes('webgpu')), [true, false, false], 'the first, where it has none');
  t.match(of('NVIDIA H100', [{ ...gpu(0), instance: { index: 0, gpuUuid: 'GPU-0' } }]), [{ backends: ['tensorflow'], unavailable: [{ backend: 'webgpu', reason: /no instances/ }] }]);
  t.match(placementEnv([second!]), { CUDA_VISIBLE_DEVICES: 'GPU-1', VK_DRIVER_FILES: '/dev/null', VK_ICD_FILENAMES: '/dev/null' }, 'whoever is placed elsewhere does not come upon it');
  t.notOk('VK_DRIVER_FILES' in placementEnv([first!]));
});

t.test('a trainer is told what does not work where it is placed', async (t) => {
  const reason = 'for the test';
  const devices = [testDevice({ id: 'gpu:0', kind: 'gpu', uuid: 'GPU-0' }), testDevice({ id: 'gpu:1', kind: 'gpu', uuid: 'GPU-1', unavailable: [{ backend: 'webgpu', reason }] }), testDevice({ unavailable: [{ backend: 'tensorflow', reason }] })];
  const ruledOut = (id: string) => placeOf({ spec: validSpec(), placement: { box: 'box', devices: [id], memoryMiB: 1 } }, devices).ruledOut.map(({ backend }) => backend);
  t.same(ruledOut('gpu:0'), ['tensorflow']);
  t.same(ruledOut('gpu:1'), ['webgpu', 'tensorflow']);
  t.throws(() => ruledOut('gpu:2'), DeviceGoneError);
});

t.test('another GPU is an adapter of which little is known', async (t) => {
  const probes = [probe('webgpu', { device: 'gpu', deviceName: 'Apple M2' }), probe('wasm')];
  t.match(describeDevices(facts({ probes })), [{ id: 'gpu:0', name: 'Apple M2', uuid: null, memoryMiB: null, slots: 1, backends: ['webgpu'], sampledAt: null }, { id: 'cpu' }]);
  t.match(describeDevices(facts({ probes, nvidia: { gpus: [gpu(0)], processes: [], at: AT } })).map(({ name }) => name), ['NVIDIA H100', String], 'where there is an NVIDIA GPU it is that');
  t.match(describeDevices(facts({ hasCuda: true, nvidia: { gpus: [gpu(0)], processes: [], at: AT } })), [{ id: 'gpu:0', backends: ['cuda'] }, { id: 'cpu', backends: [] }], "ONNX Runtime's own provider counts as well");
});

t.test('simulated GPUs stand instead of real ones', async (t) => {
  const devices = describeDevices(facts({ probes: CUDA, simulatedGpus: { count: 2, memoryMiB: 16384 } }));
  t.match(devices, [{ id: 'gpu:0', simulated: true, memoryMiB: 16384, foreignMemoryMiB: 0, slots: 8, backends: ['wasm', 'cpu'] }, { id: 'gpu:1', simulated: true }, { id: 'cpu', simulated: false }]);
});

t.test('a trainer sees the GPUs that it was placed on and no other', async (t) => {
  const real = (uuid: string | null) => testDevice({ kind: 'gpu', uuid });
  t.strictSame(placementEnv([real('GPU-3')]), { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: 'GPU-3' });
  t.strictSame(placementEnv([real('GPU-3'), real('GPU-0')]), { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: 'GPU-3,GPU-0' });
  t.strictSame(placementEnv([testDevice()]).CUDA_VISIBLE_DEVICES, '', 'none, on the processor');
  t.strictSame(placementEnv([testDevice({ kind: 'gpu', simulated: true })]).CUDA_VISIBLE_DEVICES, '', 'none, on a simulated one');
  t.strictSame(placementEnv([real(null)]), { CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }, 'one without a name is the only one');
});

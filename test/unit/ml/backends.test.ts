// How a backend is chosen, with openers that stand in for the real ones.
import t from 'tap';
import { BACKENDS, type Backend } from '../../../src/schemas/spec.js';
import {
  BackendUnavailable,
  describeChoice,
  NoBackendError,
  probeBackends,
  selectBackend,
  type Openers,
  type OpenTheBackend,
} from '../../../src/ml/engines/eager/backends.js';

/** Opens what is given, fails for the rest, and keeps who was asked. */
function machine(works: Partial<Record<Backend, { device: 'gpu' | 'cpu'; onlyWhenNamed?: string }>>) {
  const asked: Backend[] = [];
  const opener = (backend: Backend): OpenTheBackend => async () => {
    asked.push(backend);
    const found = works[backend];
    if (found === undefined) throw new BackendUnavailable(`no ${backend} here`);
    return { ...found, deviceName: `the ${backend} device` };
  };
  const openers: Openers = { tensorflow: opener('tensorflow'), webgpu: opener('webgpu'), wasm: opener('wasm'), cpu: opener('cpu') };
  return { asked, openers };
}
const cpu = { device: 'cpu' } as const;
const gpu = { device: 'gpu' } as const;

t.test('auto takes the fastest backend that works and says why not those before it', async (t) => {
  const { asked, openers } = machine({ wasm: cpu, cpu });
  const choice = await selectBackend({ device: 'auto', backend: 'auto' }, openers);
  t.equal(choice.backend, 'wasm', 'wasm is the first that works');
  t.same(asked, ['tensorflow', 'webgpu', 'wasm'], 'plain JavaScript is never loaded');
  t.same(choice.tried, [
    { backend: 'tensorflow', reason: 'no tensorflow here' },
    { backend: 'webgpu', reason: 'no webgpu here' },
  ], 'each failure has its reason');
  t.equal(
    describeChoice(choice),
    'backend wasm on cpu (the wasm device); not tensorflow: no tensorflow here; webgpu: no webgpu here',
    'it is one clear line',
  );
});

t.test('auto passes over a GPU in software, and takes it only by name', async (t) => {
  const { openers } = machine({ webgpu: { ...cpu, onlyWhenNamed: 'it computes in software' }, wasm: cpu });
  const choice = await selectBackend({ device: 'auto', backend: 'auto' }, openers);
  t.equal(choice.backend, 'wasm', 'wasm is faster');
  t.match(choice.tried[1], { backend: 'webgpu', reason: 'it computes in software' }, 'the reason is kept');
  t.equal((await selectBackend({ device: 'auto', backend: 'webgpu' }, openers)).backend, 'webgpu', 'by name it is taken');
});

t.test('a named backend that does not work is an error with its reason, and no other is tried', async (t) => {
  const { asked, openers } = machine({ wasm: cpu, cpu });
  await t.rejects(selectBackend({ device: 'auto', backend: 'tensorflow' }, openers), new NoBackendError('device auto and backend tensorflow', [{ backend: 'tensorflow', reason: 'no tensorflow here' }]));
  t.same(asked, ['tensorflow'], 'only the named one was asked');
});

t.test('a GPU that is asked for is never replaced by the processor', async (t) => {
  const { asked, openers } = machine({ tensorflow: cpu, wasm: cpu, cpu });
  await t.rejects(
    selectBackend({ device: 'gpu', backend: 'auto' }, openers),
    { name: 'NoBackendError', message: /tensorflow: it computes on the CPU .*webgpu: no webgpu here; wasm: it computes on the CPU/ },
    'the message names every backend',
  );
  t.same(asked, ['tensorflow', 'webgpu'], 'backends of the processor are not loaded');
  t.equal((await selectBackend({ device: 'gpu', backend: 'auto' }, machine({ webgpu: gpu }).openers)).backend, 'webgpu', 'a GPU is found where there is one');
  await t.rejects(selectBackend({ device: 'gpu', backend: 'wasm' }, openers), { name: 'NoBackendError' }, 'also when the backend is named');
});

t.test('no GPU is touched when the processor is asked for', async (t) => {
  const { asked, openers } = machine({ tensorflow: gpu, webgpu: gpu, wasm: cpu });
  const choice = await selectBackend({ device: 'cpu', backend: 'auto' }, openers);
  t.equal(choice.backend, 'wasm', 'the first on the processor');
  t.notOk(asked.includes('webgpu'), 'WebGPU is not loaded');
  t.match(choice.tried[0], { backend: 'tensorflow', reason: /computes on a GPU/ }, 'TensorFlow is passed over for its GPU');
});

t.test('an opener that throws something odd still gives one line', async (t) => {
  const { openers } = machine({ cpu });
  const choice = await selectBackend(
    { device: 'auto', backend: 'auto' },
    { ...openers, wasm: () => Promise.reject({ toString: () => 'cannot allocate\nmemory' }) },
  );
  t.match(choice.tried[2], { backend: 'wasm', reason: 'cannot allocate' }, 'the first line of it');
});

t.test('a probe asks every backend and says of each what it could do', async (t) => {
  const { asked, openers } = machine({ webgpu: { ...cpu, onlyWhenNamed: 'it computes in software' }, wasm: cpu, cpu });
  const probes = await probeBackends({}, openers);
  t.same(asked, [...BACKENDS], 'all were asked');
  t.same(probes[0], { backend: 'tensorflow', available: false, automatic: false, device: null, deviceName: null, reason: 'no tensorflow here' }, 'one that is missing');
  t.match(probes[1], { available: true, automatic: false, reason: 'it computes in software' }, 'one that only a name brings');
  t.match(probes[2], { available: true, automatic: true, device: 'cpu', deviceName: 'the wasm device', reason: null }, 'one that works');
});

// What a supervisor sees of its box: a driver that answers, fails, hangs and comes back, and trainers that compute.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { isAlive } from '../../../src/embedded/processes.js';
import { startBoxMonitor, type BoxMonitorOptions } from '../../../workers/box-monitor.js';
import { publishSamples } from '../../../workers/publish-samples.js';
import { SilentBus } from '../../fakes/queue.js';
import { fakeDriver, gpuLine, UUID } from '../../helpers/fake-driver.js';
import { until } from '../../helpers/poll.js';

const OTHER = 'GPU-1f0c2d3e-0000-1111-2222-333344445555';
const RUN = '01890000-0000-7000-8000-00000000000a';
const onLinux = process.platform === 'linux' ? {} : { skip: 'there is no /proc here' };

function monitor(t: Test, changes: Partial<BoxMonitorOptions> = {}) {
  const errors: Error[] = [];
  const remarks: string[] = [];
  const made = startBoxMonitor({
    simulatedGpus: null, cpuSlots: 2, gpuSlots: 8, cpuMemoryMiB: 4096, mayHaveGpu: true, program: '/nowhere/nvidia-smi', probe: async () => [], onRemark: (remark) => remarks.push(remark), onError: (error) => errors.push(error as Error),
    ...changes,
    times: { everyMs: 20, searchEveryMs: 20, patienceMs: 5_000, reportEveryMs: 0, ...changes.times },
  });
  t.teardown(() => made.stop());
  const gpu = () => made.devices().find(({ kind }) => kind === 'gpu');
  return { ...made, errors, remarks, gpu };
}

t.test('a GPU and what is on it', async (t) => {
  const driver = fakeDriver(t);
  driver.set('answer', { gpus: gpuLine(1_500), processes: `${UUID}, 999999999, 1400, /usr/bin/python3\n` });
  const { devices, ready, gpu, errors } = monitor(t, { program: driver.program, probe: async () => [{ backend: 'tensorflow', available: true, automatic: true, device: 'gpu', deviceName: 'GPU', reason: null }] });
  t.match(devices(), [{ id: 'cpu', memoryMiB: 4096, slots: 2 }], 'the processor is known at once');
  await ready;
  t.match(gpu(), { id: 'gpu:0', uuid: UUID, memoryMiB: 16384, memoryUsedMiB: 1500, foreignMemoryMiB: 1500, utilizationPercent: 37, temperatureCelsius: 45, backends: ['tensorflow'], slots: 8 });
  t.strictSame(gpu()?.processes, [{ pid: 999999999, name: '/usr/bin/python3', memoryMiB: 1400 }]);
  driver.set('answer', { gpus: gpuLine(100) + gpuLine(0, { index: 1, uuid: OTHER }), processes: '' });
  await until(() => devices().length === 3 && gpu()?.foreignMemoryMiB === 100, { what: 'a second GPU, and the other process to be gone' });
  t.match(gpu()?.processes, []);
  t.same(errors, []);
});

t.test('a driver that fails, says so once in a while, and comes back', async (t) => {
  const driver = fakeDriver(t);
  const { ready, gpu, errors } = monitor(t, { program: driver.program, times: { reportEveryMs: 3600_000 } });
  await ready;
  driver.set('fail', { failure: "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n" });
  const before = driver.asked().length;
  await until(() => driver.asked().length >= before + 5, { what: 'it to be asked again and again' });
  t.match(errors, [{ message: /ended with 9: NVIDIA-SMI has failed/ }], 'told once');
  t.match(gpu(), { id: 'gpu:0', memoryUsedMiB: 0, slots: 8 }, 'the GPU is still there, as it was');
  driver.set('answer', { gpus: gpuLine(700) });
  await until(() => gpu()?.memoryUsedMiB === 700, { what: 'the next reading' });
});

t.test('a driver that hangs keeps nobody waiting, and no processes', async (t) => {
  const driver = fakeDriver(t);
  driver.set('hang');
  const { ready, gpu, errors } = monitor(t, { program: driver.program, times: { patienceMs: 200 } });
  await ready;
  t.equal(gpu(), undefined, 'no GPU is known');
  t.match(errors[0], { message: /no answer within 200 ms/ });
  await until(() => {
    t.ok(driver.asked().filter(isAlive).length <= 1, 'never two at once');
    return driver.asked().length >= 3;
  }, { what: 'it to be asked again', everyMs: 50 });
  driver.set('answer');
  await until(() => gpu() !== undefined, { what: 'the GPU' });
  driver.set('hang');
  const before = driver.asked().length;
  await until(() => driver.asked().length > before, { what: 'a question without an answer' });
  t.ok(gpu(), 'the GPU stays');
});

t.test('the GPUs of a driver that says nothing for long are offered no more, until it answers', async (t) => {
  const driver = fakeDriver(t);
  const { ready, gpu, remarks } = monitor(t, { program: driver.program, times: { patienceMs: 100, trustMs: 300 } });
  await ready;
  for (const how of ['hang', 'fail'] as const) {
    driver.set(how, { failure: "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n" });
    await until(() => gpu()?.slots === 0, { what: `a driver that is to ${how} to be given up` });
    const before = driver.asked().length;
    await until(() => driver.asked().length > before + 2, { what: 'it to be asked all the same' });
    driver.set('answer');
    await until(() => gpu()?.slots === 8, { what: 'its GPU to be offered again' });
  }
  t.match(remarks, [/has said nothing for 0.3 s/, /has said nothing for 0.3 s/], 'told once each time');
});

t.test('a GPU that the driver knows no more goes at once, and is told of once', async (t) => {
  const driver = fakeDriver(t);
  const { ready, gpu, devices, remarks } = monitor(t, { program: driver.program, probe: async () => [{ backend: 'webgpu', available: true, automatic: true, device: 'gpu', deviceName: 'what was there', reason: null }] });
  await ready;
  for (const failure of ['Unable to determine the device handle for GPU0000:01:00.0: Unknown Error\n', 'No devices were found\n']) {
    driver.set('fail', { failure });
    await until(() => gpu() === undefined, { what: 'it to go' });
    t.match(devices(), [{ id: 'cpu' }], 'no adapter takes its place');
    const before = driver.asked().length;
    await until(() => driver.asked().length > before + 2, { what: 'it to be looked for' });
    driver.set('answer');
    await until(() => gpu() !== undefined, { what: 'it to be back' });
  }
  t.match(remarks, [/^GPU 0 \(GPU-8d3a.*\) is gone/, /is gone/]);
});

t.test('a GPU in MIG mode is its instances, or nothing', async (t) => {
  const driver = fakeDriver(t);
  const instance = 'MIG-63feeb45-94c6-5ee8-8d38-7cd6ddef4b5a';
  driver.set('answer', { gpus: gpuLine(2).replace('[N/A]', 'Enabled') + gpuLine(0, { index: 1, uuid: OTHER }), processes: `${instance}, 999999999, 900, python3\n` });
  const { ready, devices, remarks } = monitor(t, { program: driver.program });
  await ready;
  t.match(devices(), [{ id: 'gpu:1', uuid: OTHER }, { id: 'cpu' }], 'nothing is known of its instances');
  driver.set('answer', { list: `GPU 0: NVIDIA Test GPU (UUID: ${UUID})\n  MIG 1g.10gb     Device  0: (UUID: ${instance})\nGPU 1: NVIDIA Test GPU (UUID: ${OTHER})\n` });
  await until(() => devices().length === 3, { what: 'the instance' });
  t.match(devices(), [{ id: 'gpu:0.0', uuid: instance, memoryMiB: 10_240, foreignMemoryMiB: 900, slots: 8 }, { id: 'gpu:1' }, { id: 'cpu' }]);
  t.match(remarks, [/^GPU 0 .* is not used: it is in MIG mode/], 'told once');
});

t.test('a device that a run could not use is not offered for a while', async (t) => {
  const { doubt, devices, remarks } = monitor(t, { simulatedGpus: { count: 2, memoryMiB: 1024 }, times: { doubtMs: 300 } });
  doubt(['gpu:1']);
  t.match(devices(), [{ id: 'gpu:0', slots: 8 }, { id: 'gpu:1', slots: 0 }, { id: 'cpu', slots: 2 }]);
  t.match(remarks, [/could not use gpu:1/]);
  await until(() => devices()[1]?.slots === 8, { what: 'it to be tried again' });
});

t.test('when it stops it leaves nothing behind', async (t) => {
  const driver = fakeDriver(t);
  driver.set('hang');
  const aborted = new Promise<void>((resolve) => {
    const { stop } = monitor(t, { program: driver.program, probe: (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => {
      resolve();
      reject(new Error('aborted'));
    })) });
    void until(() => driver.asked().length === 1, { what: 'the question' }).then(stop);
  });
  await aborted;
  await until(() => driver.asked().every((pid) => !isAlive(pid)), { what: 'the process to be gone' });
});

t.test('when it stops between two questions it asks no more, and takes no GPU for one without instances', async (t) => {
  const driver = fakeDriver(t);
  driver.set('hang-at-list', { gpus: gpuLine(2).replace('[N/A]', 'Enabled') });
  const { stop, ready, remarks, errors } = monitor(t, { program: driver.program });
  await until(() => driver.asked().length === 2, { what: 'it to be asked for the instances' });
  stop();
  await ready;
  t.same([remarks, errors], [[], []]);
  t.equal(driver.asked().length, 2);
});

t.test('a GPU that is lost among others goes, and the loss is told', async (t) => {
  const driver = fakeDriver(t);
  driver.set('answer', { gpus: gpuLine(0) + gpuLine(0, { index: 1, uuid: OTHER }) });
  const { ready, devices, errors, remarks } = monitor(t, { program: driver.program });
  await ready;
  t.equal(devices().length, 3);
  driver.set('answer', { gpus: `Unable to determine the device handle for GPU0: 0000:65:00.0: GPU is lost.\n${gpuLine(0, { index: 1, uuid: OTHER })}` });
  await until(() => devices().length === 2, { what: 'the GPU to go' });
  t.match(devices(), [{ id: 'gpu:1', uuid: OTHER }, { id: 'cpu' }], 'the other keeps its name');
  t.match(remarks, [/^GPU 0 .* is gone/]);
  t.same(errors, []);
});

t.test('a box without GPUs', async (t) => {
  const none = monitor(t);
  await none.ready;
  t.match(none.devices(), [{ id: 'cpu' }]);
  t.same(none.errors, [], 'it is no fault that nvidia-smi is not there');
  const driver = fakeDriver(t);
  driver.set('fail', { failure: 'No devices were found\n' });
  const empty = monitor(t, { program: driver.program });
  await empty.ready;
  t.same(empty.errors, [], 'or finds nothing');
  driver.set('answer');
  await until(() => empty.gpu() !== undefined, { what: 'a GPU that came later' });
});

t.test('ready waits where there might be a GPU, and there only', async (t) => {
  let probed = (_: []): void => undefined;
  const probe = () => new Promise<[]>((resolve) => (probed = resolve));
  const without = monitor(t, { mayHaveGpu: false, probe });
  await without.ready;
  t.pass('at once, where nothing looks like one');
  probed([]);
  await without.known;
  const simulated = monitor(t, { simulatedGpus: { count: 2, memoryMiB: 16384 }, probe });
  await simulated.ready;
  t.match(simulated.devices(), [{ id: 'gpu:0', simulated: true }, { id: 'gpu:1', simulated: true }, { id: 'cpu' }], 'at once, with simulated ones');
  let isReady = false;
  const real = monitor(t, { probe });
  void real.ready.then(() => (isReady = true));
  const seen = real.devices()[0]?.sampledAt;
  await until(() => real.devices()[0]?.sampledAt !== seen, { what: 'it to look' });
  t.notOk(isReady, 'not before the probe');
  probed([]);
  await real.ready;
});

t.test('a probe that failed is tried again', async (t) => {
  let tries = 0;
  const probe = async () => {
    tries += 1;
    if (tries === 1) throw new Error('out of memory');
    return [{ backend: 'wasm', available: true, automatic: true, device: 'cpu', deviceName: 'CPU', reason: null } as const];
  };
  const { ready, devices, errors } = monitor(t, { probe, times: { probeAgainMs: 20 } });
  await ready;
  t.match(errors, [{ message: 'out of memory' }]);
  await until(() => devices()[0]?.backends[0] === 'wasm', { what: 'the backends' });
});

const BUSY = `
  const held = Buffer.alloc(100 * 2 ** 20, 1);
  const child = require('node:child_process').spawn('sleep', ['600']);
  process.stdout.write(String(child.pid));
  process.on('exit', () => child.kill('SIGKILL'));
  const work = () => { const until = Date.now() + 20; while (Date.now() < until) held[0] ^= 1; setImmediate(work); };
  work();`;

/** A process that computes and holds 100 MiB, and a child of its own. */
async function trainer(t: Test): Promise<{ pid: number; childPid: number; end(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', BUSY], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const pid = child.pid!;
  const exited = once(child, 'exit');
  const end = async () => {
    if (isAlive(pid)) process.kill(-pid, 'SIGKILL');
    await exited;
  };
  t.teardown(end);
  const [childPid] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid, childPid: Number(childPid), end };
}

t.test('what a run uses', onLinux, async (t) => {
  const driver = fakeDriver(t);
  const { pid, childPid, end } = await trainer(t);
  driver.set('answer', { gpus: gpuLine(2_600), processes: `${UUID}, ${pid}, 1000, node\n${UUID}, ${childPid}, 500, sleep\n${UUID}, 999999999, 1100, python3\n` });
  const { ready, setRuns, runSamples, peakOf, gpu, ...rest } = monitor(t, { program: driver.program, times: { everyMs: 100 } });
  await ready;
  t.same(gpu()?.processes.map(({ pid }) => pid), [999999999], 'what we started is not somebody else');
  setRuns([{ runId: RUN, attempt: 2, pid, deviceIds: ['gpu:0'] }]);
  t.match(runSamples(), [{ runId: RUN, attempt: 2, deviceIds: ['gpu:0'], cpuPercent: null, rssMiB: null, gpus: [] }], 'nothing is known at first');
  t.match(gpu()?.runs, [{ id: RUN, attempt: 2, memoryMiB: null }]);
  const sample = await until(() => runSamples().find(({ cpuPercent, gpus }) => (cpuPercent ?? 0) > 10 && gpus[0]?.memoryMiB === 1500), { what: 'it to be seen computing' });
  t.ok((sample.cpuPercent ?? 0) < 200, `about a core: ${sample.cpuPercent}%`);
  t.ok((sample.rssMiB ?? 0) > 100 && (sample.rssMiB ?? 0) < 1000, `its memory: ${sample.rssMiB} MiB`);
  t.same(sample.gpus, [{ id: 'gpu:0', memoryMiB: 1500, utilizationPercent: null }], 'with that of its children; how busy the GPU is may be the work of the other process');
  t.match(gpu(), { foreignMemoryMiB: 1100, runs: [{ id: RUN, memoryMiB: 1500 }] });

  driver.set('answer', { gpus: gpuLine(900), processes: `${UUID}, ${pid}, 900, node\n` });
  // Memory and processes are two questions: the answer may change between them.
  await until(() => runSamples()[0]?.gpus[0]?.memoryMiB === 900 && gpu()?.memoryUsedMiB === 900, { what: 'it to have less' });
  t.equal(runSamples()[0]?.gpus[0]?.utilizationPercent, 37, 'now it is alone');
  t.match(peakOf(RUN, 2), { gpuMiB: 1500 }, 'the most is remembered');

  const bus = new SilentBus();
  await publishSamples(bus, { id: 'w1', box: 'box' }, { ...rest, runSamples });
  t.match(bus.samples, [{ worker: 'w1', box: 'box', devices: [{ id: 'gpu:0', memoryMiB: 16384, memoryUsedMiB: 900 }, { id: 'cpu' }], runs: [{ runId: RUN, gpus: [{ memoryMiB: 900 }] }] }], 'and told');

  await end();
  await until(() => runSamples()[0]?.rssMiB === null, { what: 'its end to be noticed' });
  setRuns([]);
  t.same(runSamples(), []);
  t.ok((peakOf(RUN, 2).rssMiB ?? 0) > 100, 'what it had is known after its end');
  t.same(peakOf(RUN, 1), { rssMiB: null, gpuMiB: null }, 'of that attempt alone');
});

t.test('what another supervisor of the box trains is not others\'', onLinux, async (t) => {
  const driver = fakeDriver(t);
  // Its parent has gone, so that it does not descend from this process.
  const [said] = (await once(spawn('sh', ['-c', 'sleep 600 >&2 & echo $!']).stdout, 'data')) as [Buffer];
  const pid = Number(said);
  t.teardown(() => void process.kill(pid, 'SIGKILL'));
  driver.set('answer', { gpus: gpuLine(4_000), processes: `${UUID}, ${pid}, 4000, node\n` });
  const { ready, gpu, setSupervisors } = monitor(t, { program: driver.program });
  await ready;
  t.match(gpu(), { foreignMemoryMiB: 4000, processes: [{ pid }] });
  setSupervisors([pid]);
  await until(() => gpu()?.foreignMemoryMiB === 0, { what: 'it to be known' });
  t.same(gpu()?.processes, []);
  setSupervisors([]);
  await until(() => gpu()?.foreignMemoryMiB === 4000, { what: 'it to be a stranger again' });
});

t.test('on a simulated GPU memory is not to be seen', onLinux, async (t) => {
  const { pid } = await trainer(t);
  const { setRuns, runSamples, peakOf } = monitor(t, { simulatedGpus: { count: 1, memoryMiB: 1024 } });
  setRuns([{ runId: RUN, attempt: 1, pid, deviceIds: ['gpu:0'] }]);
  const sample = await until(() => runSamples().find(({ rssMiB }) => rssMiB !== null), { what: 'a sample' });
  t.same(sample.gpus, [{ id: 'gpu:0', memoryMiB: null, utilizationPercent: null }]);
  t.match(peakOf(RUN, 1), { rssMiB: Number, gpuMiB: null });
});

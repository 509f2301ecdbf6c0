// The devices of this box, as the trainers' backends see them. Probing loads every backend, so it happens
// in a child process that is gone afterwards, memory, GPU context and all.
import { fork } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Device } from '../src/devices/worker-repository.js';
import { trainerEnv } from '../src/config.js';
import type { BackendProbe } from '../src/ml/engines/eager/backends.js';

const PROBE_MODULE = fileURLToPath(new URL('./probe.js', import.meta.url));
const PROBE_MS = 60_000;

function probe(): Promise<BackendProbe[]> {
  return new Promise((resolve, reject) => {
    const child = fork(PROBE_MODULE, [], { env: trainerEnv(), execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true });
    const timer = setTimeout(() => child.kill('SIGKILL'), PROBE_MS);
    let answer: BackendProbe[] | null = null;
    let lastWords = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      lastWords = `${lastWords}${chunk.toString()}`.slice(-1_000);
    });
    child.on('message', (message) => {
      answer = message as BackendProbe[];
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (answer !== null) resolve(answer);
      else reject(new Error(`the probe ended with ${signal ?? code}: ${lastWords.trim()}`));
    });
  });
}

export async function probeDevices(): Promise<Device[]> {
  const probes = await probe();
  const device = (kind: Device['kind'], facts: Pick<Device, 'id' | 'name' | 'memoryMiB' | 'cores' | 'slots'>): Device => ({
    ...facts,
    foreignMemoryMiB: null,
    kind,
    backends: probes.filter((found) => found.automatic && found.device === kind).map((found) => found.backend),
    unavailable: kind === 'cpu' ? probes.flatMap((found) => (found.reason === null ? [] : [{ backend: found.backend, reason: found.reason }])) : [],
  });
  const cores = cpus();
  const devices = [device('cpu', { id: 'cpu', name: cores[0]?.model.trim() ?? 'CPU', memoryMiB: Math.floor(totalmem() / 2 ** 20), cores: cores.length, slots: 2 })];
  const gpu = probes.find((found) => found.automatic && found.device === 'gpu');
  if (gpu !== undefined) devices.unshift(device('gpu', { id: 'gpu:0', name: gpu.deviceName ?? 'GPU', memoryMiB: null, cores: null, slots: 1 }));
  return devices;
}

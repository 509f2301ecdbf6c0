// Devices and samples for tests that are about something else.
import type { Device } from '../../src/devices/worker-repository.js';
import type { BoxSamples } from '../../src/live/box-samples.js';
import type { RunSample } from '../../src/schemas/live.js';

export const testDevice = (changes: Partial<Device> = {}): Device => ({
  id: 'cpu', kind: 'cpu', name: 'Some CPU', uuid: null, simulated: false, memoryMiB: 8192, memoryUsedMiB: null, foreignMemoryMiB: null, utilizationPercent: null,
  temperatureCelsius: null, cores: 2, slots: 1, backends: ['wasm', 'cpu'], unavailable: [], processes: [], runs: [], sampledAt: null, ...changes,
});

export const testRunSample = (runId: string, changes: Partial<RunSample> = {}): RunSample => ({
  runId, attempt: 1, deviceIds: ['gpu:0'], cpuPercent: 98, rssMiB: 512, gpus: [{ id: 'gpu:0', memoryMiB: 1024, utilizationPercent: null }], ...changes,
});

export const testSamples = (changes: Partial<BoxSamples> = {}): BoxSamples => ({
  worker: 'w1', box: 'box', at: '2026-01-01T00:00:00.000Z',
  devices: [{ id: 'gpu:0', memoryMiB: 16384, memoryUsedMiB: 3000, foreignMemoryMiB: 0, utilizationPercent: 55, temperatureCelsius: 61 }],
  runs: [], ...changes,
});

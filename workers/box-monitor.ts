// What this box has and how it is used, looked at every second: its devices, what each run of ours uses of them, and
// what others do. Run by the supervisor.
import { existsSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import type { SimulatedGpus } from '../src/devices/simulated-gpus.js';
import type { Device } from '../src/devices/worker-repository.js';
import { hasCudaProvider } from '../src/ml/engines/compiled/providers.js';
import type { BackendProbe } from '../src/ml/engines/eager/backends.js';
import { repeat } from '../src/repeat.js';
import { kindOfDevice } from '../src/schemas/device-kind.js';
import type { RunSample } from '../src/schemas/live.js';
import { describeDevices, nvidiaId, type CpuReading } from './devices.js';
import { startGpuMonitor, type GpuReadings } from './gpu-monitor.js';
import { GpuShares, type GpuShare } from './gpu-shares.js';
import { boxMemoryUsedMiB, parentOf } from './process-readings.js';
import { RunSampler, type Peak, type PlacedRun } from './run-sampler.js';

export type { Peak, PlacedRun } from './run-sampler.js';

export interface BoxMonitorOptions {
  /** They stand instead of real ones. */
  simulatedGpus: SimulatedGpus | null;
  /** Runs at once on the processor, and on one GPU. */
  cpuSlots: number;
  gpuSlots: number;
  /** What runs on the processor may fill together. */
  cpuMemoryMiB: number;
  /** `nvidia-smi`, but for tests. */
  program?: string;
  /** Which backends work here; must end within a bounded time. */
  probe(signal: AbortSignal): Promise<BackendProbe[]>;
  /** Whether there might be a GPU; `ready` waits for it then. Looked up when absent. */
  mayHaveGpu?: boolean;
  /** Hears, once each time, what has become of devices that are not offered any more. */
  onRemark(remark: string): void;
  /** Hears of faults, at most once a minute; looking goes on. */
  onError(error: unknown): void;
  times?: Partial<typeof TIMES>;
}

export interface BoxMonitor {
  /** The processor is there at once, GPUs when they are found. Each with the latest reading. */
  devices(): Device[];
  /** Resolves when the devices are known well enough to place runs on them; never rejects. */
  readonly ready: Promise<void>;
  /** Resolves when everything has been looked at once: on a box without GPUs `ready` does not wait for it. */
  readonly known: Promise<void>;
  /** A run could not use these: none is placed there for some minutes, in which somebody may see to them. */
  doubt(deviceIds: readonly string[]): void;
  /** Those that are trained now. Whoever starts or ends a trainer says so at once. */
  setRuns(runs: readonly PlacedRun[]): void;
  /** Other supervisors of this box, by their pids: what their trainers hold is not others'. */
  setSupervisors(pids: readonly number[]): void;
  /** Of the runs that are trained now; a new one's is empty for a second. */
  runSamples(): RunSample[];
  /** The most seen of an attempt so far; still known when it has ended. */
  peakOf(runId: string, attempt: number): Peak;
  stop(): void;
}

const TIMES = {
  everyMs: 1_000,
  /** How often to look for GPUs where there were none so far. */
  searchEveryMs: 30_000,
  /** A driver that takes longer hangs. */
  patienceMs: 5_000,
  trustMs: 15_000,
  doubtMs: 5 * 60_000,
  reportEveryMs: 60_000,
  probeAgainMs: 60_000,
};

export function startBoxMonitor(options: BoxMonitorOptions): BoxMonitor {
  const { simulatedGpus } = options;
  const times = { ...TIMES, ...options.times };
  const stopping = new AbortController();
  const sampler = new RunSampler();
  const hasCuda = hasCudaProvider();
  let supervisors: ReadonlySet<number> = new Set([process.pid]);
  const gpuShares = new GpuShares({ parentOf, supervisors: () => supervisors });
  const cpuLoad = createCpuLoad();
  let reportedAt = Number.NEGATIVE_INFINITY;
  let probes: readonly BackendProbe[] = [];
  let shares: ReadonlyMap<string, GpuShare> = new Map();
  /** Until when, by the device's id. */
  const doubted = new Map<string, number>();
  let cpu: CpuReading = { memoryUsedMiB: boxMemoryUsedMiB(), utilizationPercent: null, at: new Date() };

  function onError(error: unknown): void {
    if (stopping.signal.aborted || performance.now() - reportedAt < times.reportEveryMs) return;
    reportedAt = performance.now();
    options.onError(error);
  }

  const onReading = (readings: GpuReadings) => {
    shares = gpuShares.read(readings, sampler.runs.map(({ runId, pid, deviceIds }) => ({ runId, pid, gpuUuids: readings.gpus.filter((gpu) => deviceIds.includes(nvidiaId(gpu))).map(({ uuid }) => uuid) })));
  };
  const nvidia = simulatedGpus === null ? startGpuMonitor({ ...times, program: options.program ?? 'nvidia-smi', onReading, onRemark: options.onRemark, onError }) : NO_GPUS;

  const look = async () => {
    cpu = { memoryUsedMiB: boxMemoryUsedMiB(), utilizationPercent: cpuLoad(), at: new Date() };
    sampler.look(gpusOf);
  };

  /** Of a GPU's utilization nobody says whose it is; a run that has the GPU to itself has all of it. */
  function gpusOf({ runId, deviceIds }: PlacedRun): RunSample['gpus'] {
    return deviceIds.filter((id) => kindOfDevice(id) === 'gpu').map((id) => {
      const gpu = nvidia.latest().gpus.find((gpu) => nvidiaId(gpu) === id);
      const share = shares.get(gpu?.uuid ?? '');
      const alone = share !== undefined && share.foreign.length === 0 && sampler.runs.every((other) => other.runId === runId || !other.deviceIds.includes(id));
      return { id, memoryMiB: share?.runs.get(runId) ?? null, utilizationPercent: alone ? (gpu?.utilizationPercent ?? null) : null };
    });
  }

  const unlessDoubted = (device: Device): Device => ((doubted.get(device.id) ?? 0) > performance.now() ? { ...device, slots: 0 } : device);

  async function probe(): Promise<void> {
    try {
      probes = await options.probe(stopping.signal);
    } catch (error) {
      onError(error);
      if (stopping.signal.aborted) return;
      const again = setTimeout(() => void probe(), times.probeAgainMs);
      again.unref();
      stopping.signal.addEventListener('abort', () => clearTimeout(again), { once: true });
    }
  }

  const known = Promise.all([probe(), nvidia.first]).then(() => undefined);
  const stopLooking = repeat(look, { everyMs: times.everyMs, onError });
  return {
    devices: () => describeDevices({ ...options, hasCuda, cpu, probes, nvidia: nvidia.latest(), isSilent: nvidia.isSilent(), shares, runs: sampler.samples }).map(unlessDoubted),
    // Loading every backend takes a second or more; where nothing hints at a GPU runs need not wait for it.
    ready: simulatedGpus === null && (options.mayHaveGpu ?? mayHaveGpu()) ? known : Promise.resolve(),
    known,
    doubt(deviceIds) {
      options.onRemark(`a run could not use ${deviceIds.join(', ')}: none is placed there for ${times.doubtMs / 60_000} minutes`);
      for (const id of deviceIds) doubted.set(id, performance.now() + times.doubtMs);
    },
    setRuns: (runs) => sampler.setRuns(runs),
    setSupervisors(pids) {
      supervisors = new Set([process.pid, ...pids]);
    },
    runSamples: () => sampler.samples,
    peakOf: (runId, attempt) => sampler.peakOf(runId, attempt),
    stop() {
      stopping.abort();
      stopLooking();
      nvidia.stop();
    },
  };
}

const NO_GPUS = { latest: (): GpuReadings => ({ gpus: [], processes: [], at: null }), isSilent: () => false, first: Promise.resolve(), stop: () => undefined };

/** Whether something looks like a GPU: a driver of NVIDIA's, one of anybody's, or Windows' below a Linux of its own. */
function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
  if (existsSync('/dev/nvidiactl') || existsSync('/dev/dxg')) return true;
  try {
    return readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  } catch {
    return false;
  }
}

/** Answers, each time, the share of all cores that was busy since the last time. */
function createCpuLoad(): () => number | null {
  const read = () => cpus().reduce(({ idle, all }, { times }) => ({ idle: idle + times.idle, all: all + times.idle + times.user + times.nice + times.sys + times.irq }), { idle: 0, all: 0 });
  let before = read();
  return () => {
    const now = read();
    const [idle, all] = [now.idle - before.idle, now.all - before.all];
    before = now;
    return all > 0 ? Math.round(100 * (1 - idle / all)) : null;
  };
}

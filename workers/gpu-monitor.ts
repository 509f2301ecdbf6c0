// The NVIDIA GPUs of this box and what computes on them, asked of `nvidia-smi` again and again.
import { trainerEnv } from '../src/config.js';
import { GPU_QUERY, parseGpus, parseProcesses, PROCESS_QUERY, visibleGpus, type GpuProcess, type GpuReading } from '../src/devices/nvidia-smi.js';
import { repeat } from '../src/repeat.js';
import { createBoundedProgram, type Answer } from './bounded-program.js';

export interface GpuReadings {
  gpus: readonly GpuReading[];
  processes: readonly GpuProcess[];
  /** When it was so; null before the first answer that named a GPU. */
  at: Date | null;
}

export interface GpuMonitor {
  /** The latest that was to be had. While the driver is silent it stays as it was. */
  latest(): GpuReadings;
  /** Resolves when it has been asked once, whatever it said. */
  readonly first: Promise<void>;
  stop(): void;
}

export interface GpuMonitorOptions {
  program: string;
  everyMs: number;
  /** How often to ask where no GPU was ever seen: a driver may be loaded later. */
  searchEveryMs: number;
  patienceMs: number;
  onReading(readings: GpuReadings): void;
  onError(error: unknown): void;
}

export function startGpuMonitor({ program, everyMs, searchEveryMs, patienceMs, onReading, onError }: GpuMonitorOptions): GpuMonitor {
  const env = trainerEnv();
  const smi = createBoundedProgram(program, { patienceMs, env });
  let readings: GpuReadings = { gpus: [], processes: [], at: null };
  let searchedAt = Number.NEGATIVE_INFINITY;
  let stopped = false;

  async function ask(): Promise<void> {
    searchedAt = performance.now();
    const answer = await smi.run(GPU_QUERY);
    // Of several GPUs one may be lost: then it fails, and has told of the others all the same.
    const gpus = visibleGpus(parseGpus(answer.output), env.CUDA_VISIBLE_DEVICES);
    const at = new Date();
    if (answer.failure !== null && !(readings.at === null && saysThatThereIsNone(answer))) report(answer.failure);
    if (stopped || gpus.length === 0) return;
    const { output, failure } = await smi.run(PROCESS_QUERY);
    if (failure !== null) report(failure);
    if (stopped) return;
    readings = { gpus, processes: failure === null ? parseProcesses(output) : readings.processes, at };
    onReading(readings);
  }

  function report(failure: Error): void {
    if (!stopped) onError(failure);
  }

  async function round(): Promise<void> {
    if (readings.at !== null || performance.now() - searchedAt >= searchEveryMs) await ask();
  }

  const first = ask().catch(onError);
  let stopRounds = () => {};
  void first.then(() => {
    if (!stopped) stopRounds = repeat(round, { everyMs, onError });
  });
  return {
    latest: () => readings,
    first,
    stop() {
      stopped = true;
      stopRounds();
      smi.kill();
    },
  };
}

/** Most boxes have no GPU, and that is no fault. */
function saysThatThereIsNone({ output, failure }: Answer): boolean {
  return (failure as NodeJS.ErrnoException).code === 'ENOENT' || /no devices were found/i.test(output);
}

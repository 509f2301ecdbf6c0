// The NVIDIA GPUs of this box and what computes on them, asked of `nvidia-smi` again and again.
import { trainerEnv } from '../src/config.js';
import { GPU_QUERY, LIST, parseGpus, parseProcesses, PROCESS_QUERY, visibleGpus, withInstances, type GpuProcess, type GpuReading } from '../src/devices/nvidia-smi.js';
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
  /** Nobody knows any more whether the GPUs are there: the driver, which has told of some, hangs or fails. */
  isSilent(): boolean;
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
  /** For how long what a driver has told holds while it says nothing more. */
  trustMs: number;
  onReading(readings: GpuReadings): void;
  /** Hears, once each time, of GPUs that go or cannot be used. */
  onRemark(remark: string): void;
  onError(error: unknown): void;
}

export function startGpuMonitor({ program, everyMs, searchEveryMs, patienceMs, trustMs, onReading, onRemark, onError }: GpuMonitorOptions): GpuMonitor {
  const env = trainerEnv();
  const smi = createBoundedProgram(program, { patienceMs, env });
  let readings: GpuReadings = { gpus: [], processes: [], at: null };
  let searchedAt = Number.NEGATIVE_INFINITY;
  let heardAt = Number.NEGATIVE_INFINITY;
  let wasSilent = false;
  let refused: readonly GpuReading[] = [];
  let stopped = false;

  const isSilent = () => readings.gpus.length > 0 && performance.now() - heardAt > trustMs;

  async function ask(): Promise<void> {
    searchedAt = performance.now();
    const answer = await smi.run(GPU_QUERY);
    // Of several GPUs one may be lost: then it fails, and has told of the others all the same.
    const gpus = visibleGpus(await divided(parseGpus(answer.output)), env.CUDA_VISIBLE_DEVICES);
    const at = new Date();
    if (answer.failure !== null && !(readings.at === null && saysThatThereIsNone(answer))) report(answer.failure);
    if (stopped || (gpus.length === 0 && !saysWhatThereIs(answer))) return;
    heardAt = performance.now();
    if (gpus.length === 0 && readings.gpus.length === 0) return;
    for (const { index, uuid } of notIn(gpus, readings.gpus)) onRemark(`GPU ${index} (${uuid}) is gone: the driver does not tell of it any more`);
    const { output, failure } = await smi.run(PROCESS_QUERY);
    if (failure !== null) report(failure);
    if (stopped) return;
    readings = { gpus, processes: failure === null ? parseProcesses(output) : readings.processes, at };
    onReading(readings);
  }

  /** Whole GPUs and the instances of others. Without these, a divided GPU would be offered with memory that no run can have. */
  async function divided(gpus: readonly GpuReading[]): Promise<GpuReading[]> {
    if (!gpus.some(({ isDivided }) => isDivided)) return [...gpus];
    const { output, failure } = await smi.run(LIST);
    if (stopped) return [];
    if (failure !== null) report(failure);
    const found = withInstances(gpus, output);
    const without = gpus.filter(({ uuid, isDivided }) => isDivided && !found.some(({ instance }) => instance?.gpuUuid === uuid));
    for (const { index, uuid } of notIn(refused, without)) onRemark(`GPU ${index} (${uuid}) is not used: it is in MIG mode, and ${LIST_COMMAND} tells of no instance of it`);
    refused = without;
    return found;
  }

  function noticeSilence(): void {
    if (isSilent() && !wasSilent) onRemark(`the driver of the GPUs has said nothing for ${trustMs / 1000} s: no runs are placed on them until it answers`);
    wasSilent = isSilent();
  }

  function report(failure: Error): void {
    if (!stopped) onError(failure);
  }

  async function round(): Promise<void> {
    if (readings.at !== null || performance.now() - searchedAt >= searchEveryMs) await ask();
    noticeSilence();
  }

  const first = ask().catch(onError);
  let stopRounds = () => {};
  void first.then(() => {
    if (!stopped) stopRounds = repeat(round, { everyMs, onError });
  });
  return {
    latest: () => readings,
    isSilent,
    first,
    stop() {
      stopped = true;
      stopRounds();
      smi.stop();
    },
  };
}

const LIST_COMMAND = `nvidia-smi ${LIST.join(' ')}`;

const notIn = (some: readonly GpuReading[], all: readonly GpuReading[]) => all.filter(({ uuid }) => some.every((other) => other.uuid !== uuid));

/** As opposed to one that fails or hangs, which may know of GPUs and only not tell. A GPU without a handle fell off the bus. */
function saysWhatThereIs({ failure }: Answer): boolean {
  return failure === null || /no devices were found|unable to determine the device handle/i.test(failure.message);
}

/** Most boxes have no GPU, and that is no fault. */
function saysThatThereIsNone({ output, failure }: Answer): boolean {
  return (failure as NodeJS.ErrnoException).code === 'ENOENT' || /no devices were found/i.test(output);
}

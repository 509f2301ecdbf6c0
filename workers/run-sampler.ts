// What each run's trainer uses, and the most that it has used.
import type { RunSample } from '../src/schemas/live.js';
import { readProcess } from './process-readings.js';

/** A run that this box trains. */
export interface PlacedRun {
  runId: string;
  attempt: number;
  /** Its trainer; undefined while there is none. */
  pid: number | undefined;
  deviceIds: readonly string[];
}

export interface Peak {
  rssMiB: number | null;
  /** On that of its GPUs where it had the most. */
  gpuMiB: number | null;
}

/** How many attempts' peaks are kept, for who asks after their end. */
const KEPT_PEAKS = 500;

interface Watched {
  run: PlacedRun;
  sample: RunSample;
  /** What its trainer had computed at the last look. */
  before: { cpuSeconds: number; at: number } | null;
}

export class RunSampler {
  #watched = new Map<string, Watched>();
  readonly #peaks = new Map<string, Peak>();

  get runs(): PlacedRun[] {
    return [...this.#watched.values()].map(({ run }) => run);
  }

  get samples(): RunSample[] {
    return [...this.#watched.values()].map(({ sample }) => sample);
  }

  setRuns(runs: readonly PlacedRun[]): void {
    this.#watched = new Map(runs.map((run) => {
      const known = this.#watched.get(keyOf(run));
      if (known !== undefined && known.run.pid === run.pid) return [keyOf(run), { ...known, run }];
      const { runId, attempt, deviceIds } = run;
      return [keyOf(run), { run, sample: { runId, attempt, deviceIds: [...deviceIds], cpuPercent: null, rssMiB: null, gpus: [] }, before: null }];
    }));
  }

  /** Looks at every trainer. `gpusOf` says what it has of the GPUs that it is on. */
  look(gpusOf: (run: PlacedRun) => RunSample['gpus']): void {
    for (const watched of this.#watched.values()) {
      const { run, before } = watched;
      const now = performance.now();
      const reading = run.pid === undefined ? null : readProcess(run.pid);
      const cpuPercent = reading === null || before === null ? null : Math.round(((reading.cpuSeconds - before.cpuSeconds) * 100_000) / (now - before.at));
      watched.before = reading === null ? null : { cpuSeconds: reading.cpuSeconds, at: now };
      const gpus = gpusOf(run);
      watched.sample = { runId: run.runId, attempt: run.attempt, deviceIds: [...run.deviceIds], cpuPercent, rssMiB: reading?.rssMiB ?? null, gpus };
      this.#remember(run, { rssMiB: reading?.peakRssMiB ?? null, gpuMiB: most(gpus.map(({ memoryMiB }) => memoryMiB)) });
    }
  }

  peakOf(runId: string, attempt: number): Peak {
    return this.#peaks.get(keyOf({ runId, attempt })) ?? { rssMiB: null, gpuMiB: null };
  }

  #remember(run: PlacedRun, now: Peak): void {
    const key = keyOf(run);
    const { rssMiB, gpuMiB } = this.#peaks.get(key) ?? now;
    // To the end of the line: those that ended longest ago go first.
    this.#peaks.delete(key);
    this.#peaks.set(key, { rssMiB: most([rssMiB, now.rssMiB]), gpuMiB: most([gpuMiB, now.gpuMiB]) });
    for (const oldest of this.#peaks.keys()) {
      if (this.#peaks.size <= KEPT_PEAKS) break;
      this.#peaks.delete(oldest);
    }
  }
}

const keyOf = ({ runId, attempt }: { runId: string; attempt: number }) => `${runId}.${attempt}`;

const most = (values: readonly (number | null)[]): number | null => values.reduce<number | null>((a, b) => (a === null || (b !== null && b > a) ? b : a), null);

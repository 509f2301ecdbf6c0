// Whose the memory of each GPU is: that of our runs, or of processes that are not ours. Pure but for its memory of the
// last readings.
import type { GpuProcess } from '../src/devices/nvidia-smi.js';
import type { GpuReadings } from './gpu-monitor.js';

export interface GpuShare {
  /** Processes that are not ours. */
  foreign: GpuProcess[];
  /** What these hold, and whatever else is held by nobody of ours. */
  foreignMemoryMiB: number;
  /** By run; null where the driver does not tell. Runs that were not seen on the GPU are not in it. */
  runs: Map<string, number | null>;
}

export interface SharingRun {
  runId: string;
  pid: number | undefined;
  /** uuids of its GPUs. */
  gpuUuids: readonly string[];
}

export interface GpuSharesOptions {
  parentOf(pid: number): number | null;
  /** Whose descendants are ours: those of this supervisor, such as trainers that are about to end, and of others in this box. */
  supervisors(): ReadonlySet<number>;
}

const OURS = 'ours';
/** Of another namespace of processes than ours, as the host's are for a container. */
const ELSEWHERE = 'elsewhere';
/** Readings of what is in no known name that are compared. */
const REMEMBERED = 3;
const MAX_DEPTH = 32;

export class GpuShares {
  readonly #options: GpuSharesOptions;
  /** By GPU: the last readings of memory that is in use and in no name that is known here, such as a screen's. */
  readonly #unnamed = new Map<string, number[]>();

  constructor(options: GpuSharesOptions) {
    this.#options = options;
  }

  /** By the GPU's uuid. */
  read({ gpus, processes }: GpuReadings, runs: readonly SharingRun[]): Map<string, GpuShare> {
    const byPid = new Map(runs.flatMap(({ runId, pid }) => (pid === undefined ? [] : [[pid, runId] as const])));
    const supervisors = this.#options.supervisors();
    const owners = new Map(processes.map(({ pid }) => [pid, this.#ownerOf(pid, byPid, supervisors)]));
    return new Map(gpus.map(({ uuid, instance, memoryUsedMiB }) => {
      const share: GpuShare = { foreign: [], foreignMemoryMiB: 0, runs: new Map() };
      const elsewhere: GpuProcess[] = [];
      let namedMiB = 0;
      for (const process of processes.filter(({ gpuUuid }) => gpuUuid === uuid)) {
        const owner = owners.get(process.pid) ?? null;
        if (owner === ELSEWHERE) {
          elsewhere.push(process);
          continue;
        }
        namedMiB += process.memoryMiB ?? 0;
        if (owner === null) {
          share.foreign.push(process);
          share.foreignMemoryMiB += process.memoryMiB ?? 0;
        } else if (owner !== OURS) {
          const before = share.runs.get(owner) ?? 0;
          share.runs.set(owner, process.memoryMiB === null ? null : before + process.memoryMiB);
        }
      }
      // In a container the driver lists no processes, or those of the host by their numbers there, our own among them:
      // what they hold would seem to be others'. So that is only learned while every run of ours has its own in the list.
      const placed = runs.filter(({ gpuUuids }) => gpuUuids.includes(uuid));
      if (placed.every(({ runId }) => typeof share.runs.get(runId) === 'number')) {
        share.foreign.push(...elsewhere);
        // Of an instance the driver tells who holds memory, and not how much of it is in use.
        const usedMiB = instance === null ? memoryUsedMiB : namedMiB + elsewhere.reduce((sum, { memoryMiB }) => sum + (memoryMiB ?? 0), 0);
        if (usedMiB !== null) this.#learn(uuid, usedMiB - namedMiB);
      }
      share.foreignMemoryMiB += this.#unnamedMiB(uuid);
      return [uuid, share];
    }));
  }

  #learn(uuid: string, unnamedMiB: number): void {
    this.#unnamed.set(uuid, [...(this.#unnamed.get(uuid) ?? []), Math.max(0, unnamedMiB)].slice(-REMEMBERED));
  }

  /** The median: memory and processes are asked for one after the other, and what comes or goes between would be a spike. */
  #unnamedMiB(uuid: string): number {
    const values = [...(this.#unnamed.get(uuid) ?? [])].sort((a, b) => a - b);
    return values[Math.floor((values.length - 1) / 2)] ?? 0;
  }

  /** A run's id, OURS, ELSEWHERE, or null for a process of somebody else. */
  #ownerOf(pid: number, byPid: ReadonlyMap<number, string>, supervisors: ReadonlySet<number>): string | null {
    let at: number | null = pid;
    for (let depth = 0; at !== null && at > 0 && depth < MAX_DEPTH; depth += 1) {
      const run = byPid.get(at);
      if (run !== undefined) return run;
      if (supervisors.has(at)) return OURS;
      const parent = this.#options.parentOf(at);
      if (parent === null && depth === 0) return ELSEWHERE;
      at = parent;
    }
    return null;
  }
}

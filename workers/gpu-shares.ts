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
  /** Whose descendants are ours: trainers that are about to end, and what asks for devices. */
  ownPid: number;
}

/** Readings of what nobody lists that are compared. */
const REMEMBERED = 3;
const MAX_DEPTH = 32;

export class GpuShares {
  readonly #options: GpuSharesOptions;
  /** By GPU: the last readings of memory that is in use and in nobody's name, such as a screen's. */
  readonly #unlisted = new Map<string, number[]>();

  constructor(options: GpuSharesOptions) {
    this.#options = options;
  }

  /** By the GPU's uuid. */
  read({ gpus, processes }: GpuReadings, runs: readonly SharingRun[]): Map<string, GpuShare> {
    const byPid = new Map(runs.flatMap(({ runId, pid }) => (pid === undefined ? [] : [[pid, runId] as const])));
    const owners = new Map(processes.map(({ pid }) => [pid, this.#ownerOf(pid, byPid)]));
    return new Map(gpus.map(({ uuid, memoryUsedMiB }) => {
      const share: GpuShare = { foreign: [], foreignMemoryMiB: 0, runs: new Map() };
      let listedMiB = 0;
      for (const process of processes.filter(({ gpuUuid }) => gpuUuid === uuid)) {
        const owner = owners.get(process.pid) ?? null;
        listedMiB += process.memoryMiB ?? 0;
        if (owner === null) {
          share.foreign.push(process);
          share.foreignMemoryMiB += process.memoryMiB ?? 0;
        } else if (owner !== OURS) {
          const before = share.runs.get(owner) ?? 0;
          share.runs.set(owner, process.memoryMiB === null ? null : before + process.memoryMiB);
        }
      }
      // Where a run of ours holds memory that is in nobody's name, as in a container that sees no processes, all of it
      // would seem to be others'. So what is unlisted is only learned while every run there has its own in the list.
      const placed = runs.filter(({ gpuUuids }) => gpuUuids.includes(uuid));
      if (memoryUsedMiB !== null && placed.every(({ runId }) => typeof share.runs.get(runId) === 'number')) this.#learn(uuid, memoryUsedMiB - listedMiB);
      share.foreignMemoryMiB += this.#unlistedMiB(uuid);
      return [uuid, share];
    }));
  }

  #learn(uuid: string, unlistedMiB: number): void {
    this.#unlisted.set(uuid, [...(this.#unlisted.get(uuid) ?? []), Math.max(0, unlistedMiB)].slice(-REMEMBERED));
  }

  /** The median: memory and processes are asked for one after the other, and what comes or goes between would be a spike. */
  #unlistedMiB(uuid: string): number {
    const values = [...(this.#unlisted.get(uuid) ?? [])].sort((a, b) => a - b);
    return values[Math.floor((values.length - 1) / 2)] ?? 0;
  }

  /** A run's id, OURS, or null for a process of somebody else. */
  #ownerOf(pid: number, byPid: ReadonlyMap<number, string>): string | null {
    let at: number | null = pid;
    for (let depth = 0; at !== null && at > 0 && depth < MAX_DEPTH; depth += 1) {
      const run = byPid.get(at);
      if (run !== undefined) return run;
      if (at === this.#options.ownPid) return OURS;
      at = this.#options.parentOf(at);
    }
    return null;
  }
}

const OURS = 'ours';

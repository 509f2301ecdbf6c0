// The supervisors that are alive and the devices that they see.
import { Prisma, type Database } from '../db/client.js';
import type { DatabaseClock } from '../db/clock.js';
import { storable } from '../db/storable-text.js';
import type { DeviceKind } from '../schemas/device-kind.js';
import type { Backend } from '../schemas/spec.js';

/** With what was seen of it last. */
export interface Device {
  /** Stable within its box: `cpu`, `gpu:0`; `gpu:0.1` is an instance of that GPU. */
  id: string;
  kind: DeviceKind;
  name: string;
  /** Of an NVIDIA GPU, or an instance of one. */
  uuid: string | null;
  /** It is none: its runs are trained on the processor. */
  simulated: boolean;
  /** What runs may fill of it, together; null when unknown. */
  memoryMiB: number | null;
  /** By everybody; on the processor, of the whole box. */
  memoryUsedMiB: number | null;
  /** By what is not ours; null on the processor, where `memoryMiB` leaves room for others. */
  foreignMemoryMiB: number | null;
  utilizationPercent: number | null;
  temperatureCelsius: number | null;
  cores: number | null;
  /** Runs that it takes at once, at most. */
  slots: number;
  /** Backends that can train on it, fastest first; empty until they were tried. */
  backends: string[];
  /** Backends that cannot, and why. */
  unavailable: { backend: Backend; reason: string }[];
  /** Those on it that are not ours. */
  processes: { pid: number; name: string; memoryMiB: number | null }[];
  /** Our runs on it, of all teams, with what they have of its memory. */
  runs: { id: string; attempt: number; memoryMiB: number | null }[];
  /** ISO 8601; older than a few seconds where its driver is silent, null where it was never asked. */
  sampledAt: string | null;
}

export interface Worker {
  id: string;
  /** Name of its box. */
  box: string;
  host: string;
  pid: number;
  slots: number;
  devices: Device[];
  startedAt: Date;
  heartbeatAt: Date;
}

export interface WorkerRepository {
  /** Inserts or refreshes; `heartbeatAt` becomes now. */
  beat(worker: Omit<Worker, 'heartbeatAt'>): Promise<void>;
  remove(id: string): Promise<void>;
  /** Those that were heard of in the last so many milliseconds. */
  listAlive(withinMs: number): Promise<Worker[]>;
  /** Removes those that were killed: they were not heard of for so many milliseconds. */
  forgetSilent(forMs: number): Promise<void>;
}

export function createWorkerRepository(database: Database, { now }: Pick<DatabaseClock, 'now'>): WorkerRepository {
  return {
    async beat({ id, devices, ...rest }) {
      const data = { ...rest, devices: storable(devices) as unknown as Prisma.InputJsonArray, heartbeatAt: new Date(now()) };
      await database.worker.upsert({ where: { id }, create: { id, ...data }, update: data });
    },
    async remove(id) {
      await database.worker.deleteMany({ where: { id } });
    },
    async listAlive(withinMs) {
      const rows = await database.worker.findMany({ where: { heartbeatAt: { gt: new Date(now() - withinMs) } }, orderBy: { startedAt: 'asc' } });
      return rows.map((row) => ({ ...row, devices: row.devices as unknown as Device[] }));
    },
    async forgetSilent(forMs) {
      await database.worker.deleteMany({ where: { heartbeatAt: { lte: new Date(now() - forMs) } } });
    },
  };
}

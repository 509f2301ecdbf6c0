// The supervisors that are alive and the devices that they see.
import { Prisma, type Database } from '../db/client.js';
import type { DatabaseClock } from '../db/clock.js';
import { storable } from '../db/storable-text.js';
import type { Device as ShownDevice } from '../schemas/device.js';
import type { Backend } from '../schemas/spec.js';

/** With what was seen of it last: as the API shows it, but for the runs on it. */
export interface Device extends Omit<ShownDevice, 'unavailable' | 'runs' | 'otherRuns' | 'worker'> {
  unavailable: { backend: Backend; reason: string }[];
  /** Of all teams, with what they have of its memory. */
  runs: { id: string; attempt: number; memoryMiB: number | null }[];
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

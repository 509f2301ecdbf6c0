// The supervisors that are alive and the devices that they see.
import { Prisma, type Database } from '../db/client.js';
import { storable } from '../db/storable-text.js';
import type { Backend } from '../schemas/spec.js';

export interface Device {
  /** Stable within its box: `cpu`, `gpu:0`. */
  id: string;
  kind: 'cpu' | 'gpu';
  name: string;
  memoryMiB: number | null;
  foreignMemoryMiB: number | null;
  slots: number;
  cores: number | null;
  /** Backends that can train on it, fastest first. */
  backends: string[];
  /** Backends that cannot, and why. */
  unavailable: { backend: Backend; reason: string }[];
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
  /** Those whose heartbeat is fresher than `since`. */
  listAlive(since: Date): Promise<Worker[]>;
  /** Removes those that were killed: no heartbeat since `before`. */
  forgetSilent(before: Date): Promise<void>;
}

export function createWorkerRepository(database: Database): WorkerRepository {
  return {
    async beat({ id, devices, ...rest }) {
      const data = { ...rest, devices: storable(devices) as unknown as Prisma.InputJsonArray, heartbeatAt: new Date() };
      await database.worker.upsert({ where: { id }, create: { id, ...data }, update: data });
    },
    async remove(id) {
      await database.worker.deleteMany({ where: { id } });
    },
    async listAlive(since) {
      const rows = await database.worker.findMany({ where: { heartbeatAt: { gt: since } }, orderBy: { startedAt: 'asc' } });
      return rows.map((row) => ({ ...row, devices: row.devices as unknown as Device[] }));
    },
    async forgetSilent(before) {
      await database.worker.deleteMany({ where: { heartbeatAt: { lte: before } } });
    },
  };
}

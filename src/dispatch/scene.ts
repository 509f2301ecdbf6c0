// What there is to train on: the boxes that are heard of, and their devices as runs may have them.
import type { BoxRepository } from '../devices/box-repository.js';
import type { Worker, WorkerRepository } from '../devices/worker-repository.js';
import type { DeviceKind } from '../schemas/device-kind.js';
import type { Device } from '../scheduler/state.js';
import type { Largest } from './demand.js';
import { schedulableDevices } from './devices.js';

export interface SceneSources {
  workers: Pick<WorkerRepository, 'listAlive'>;
  boxes: Pick<BoxRepository, 'phases'>;
  /** A supervisor that was not heard of for so long is gone. */
  leaseMs: number;
}

export interface Scene {
  alive: readonly Worker[];
  /** Of those that are alive. */
  devices: readonly Device[];
  /** Of all boxes that are known, also silent ones: what may run anywhere waits a while for a GPU that has gone. */
  largest: Largest;
  /** MiB that runs were seen with on one device last, by run. */
  seen: ReadonlyMap<string, number>;
}

/** A box that was heard of so lately is expected back. */
const KNOWN_MS = 10 * 60_000;

/** @param now by the database's clock, by which heartbeats are */
export async function readScene({ workers, boxes, leaseMs }: SceneSources, now: number): Promise<Scene> {
  const [known, phases] = await Promise.all([workers.listAlive(KNOWN_MS), boxes.phases()]);
  const alive = known.filter(({ heartbeatAt }) => heartbeatAt.getTime() > now - leaseMs);
  return { alive, devices: schedulableDevices(alive, phases), largest: largestOf(schedulableDevices(known, phases, { whenEmpty: true })), seen: seenMemory(alive) };
}

function largestOf(devices: readonly Device[]): Largest {
  const most = (wanted: DeviceKind) => devices.reduce<number | null>((most, { kind, memoryMiB }) => (kind === wanted ? Math.max(most ?? 0, memoryMiB) : most), null);
  return { gpu: most('gpu'), cpu: most('cpu') };
}

/** What each run was seen with on the device where it has the most. */
function seenMemory(workers: readonly Worker[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const { devices } of workers) for (const { runs } of devices) for (const { id, memoryMiB } of runs) if (memoryMiB !== null) seen.set(id, Math.max(seen.get(id) ?? 0, memoryMiB));
  return seen;
}

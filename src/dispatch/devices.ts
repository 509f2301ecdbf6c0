// From the boxes that are alive to the devices that the scheduler places runs on.
import type { Worker } from '../devices/worker-repository.js';
import type { BoxPhase } from '../schemas/box.js';
import type { Device } from '../scheduler/state.js';

/** Of a GPU, left free for what a sample each second does not see. */
const MARGIN_MIB = 256;
/** Never in the name of a box or a device. */
const SEPARATOR = '/';

export const deviceKey = (box: string, deviceId: string) => `${box}${SEPARATOR}${deviceId}`;

/** @throws TypeError on what `deviceKey` has not made */
export function readDeviceKey(key: string): { box: string; deviceId: string } {
  const at = key.indexOf(SEPARATOR);
  if (at < 0) throw new TypeError(`not a device: ${key}`);
  return { box: key.slice(0, at), deviceId: key.slice(at + 1) };
}

/** Two supervisors of one box see the same devices, which are there once. @param options.whenEmpty as if no processes but ours were on them */
export function schedulableDevices(workers: readonly Worker[], phases: ReadonlyMap<string, BoxPhase>, { whenEmpty = false } = {}): Device[] {
  const latest = new Map<string, Worker>();
  for (const worker of workers) {
    const other = latest.get(worker.box);
    if (other === undefined || other.startedAt < worker.startedAt) latest.set(worker.box, worker);
  }
  return [...latest.values()].flatMap((worker) => devicesOf(worker, { phase: phases.get(worker.box) ?? 'open', whenEmpty }));
}

function devicesOf({ box, devices }: Worker, { phase, whenEmpty }: { phase: BoxPhase; whenEmpty: boolean }): Device[] {
  if (phase === 'removed') return [];
  // What nothing here can train on is no place for a run; nor is what its box does not offer now.
  const usable = devices.filter(({ kind, simulated, backends, slots }) => slots > 0 && (kind === 'cpu' || simulated || backends.length > 0));
  return usable.map((device): Device => {
    // Without a word on its memory a GPU takes one run after the other.
    const isKnown = device.memoryMiB !== null;
    const margin = device.kind === 'gpu' ? MARGIN_MIB : 0;
    const foreignMiB = whenEmpty ? 0 : (device.foreignMemoryMiB ?? 0);
    const memoryMiB = isKnown ? Math.max(0, device.memoryMiB! - margin - foreignMiB) : Number.MAX_SAFE_INTEGER;
    return { id: deviceKey(box, device.id), box, kind: device.kind, memoryMiB, slots: isKnown ? device.slots : 1, phase };
  });
}

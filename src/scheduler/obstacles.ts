// What stands between a run and the devices themselves: that there are none like it asks for, or what is on them.
import { Room } from './room.js';
import type { Device, Request, RunningRun, State } from './state.js';

export type Impossible =
  | { type: 'no_box'; kind: Request['kind'] }
  /** `memory`: no device has as much even when it is empty. `devices`: no box has as many. */
  | { type: 'too_large'; what: 'memory'; kind: Request['kind']; neededMiB: number; largestMiB: number }
  | { type: 'too_large'; what: 'devices'; kind: Request['kind']; needed: number; most: number; /** Only those count that have so much. */ memoryMiB: number }
  /** It would fit on devices that take no new runs now. */
  | { type: 'cordoned'; kind: Request['kind']; devices: number };

export type Occupied =
  | { type: 'memory'; kind: Request['kind']; missingMiB: number }
  /** Each device has as many runs as it takes. */
  | { type: 'slots'; kind: Request['kind']; runs: number }
  /** `asked`: it wants a device for itself and others are on each. `taken`: somebody else has the device for themselves. */
  | { type: 'exclusive'; kind: Request['kind']; by: 'asked' | 'taken'; runs: number }
  | { type: 'gpus'; kind: Request['kind']; free: number; needed: number };

const isRoomy = (device: Device, { kind, memoryMiB }: Request) => device.kind === kind && device.slots > 0 && device.memoryMiB >= memoryMiB;

const mostInABox = (devices: readonly Device[]): number => {
  const counts = new Map<string, number>();
  for (const { box } of devices) counts.set(box, (counts.get(box) ?? 0) + 1);
  return Math.max(0, ...counts.values());
};

/** Why it can never start as things are; null where it could if nobody else were there. */
export function impossibilityOf(request: Request, devices: readonly Device[]): Impossible | null {
  const { kind, memoryMiB: neededMiB, devices: needed } = request;
  if (new Room(devices).couldEver(request)) return null;
  const alike = devices.filter((device) => device.kind === kind && device.slots > 0);
  if (alike.length === 0) return { type: 'no_box', kind };
  const largestMiB = Math.max(...alike.map(({ memoryMiB }) => memoryMiB));
  if (largestMiB < neededMiB) return { type: 'too_large', what: 'memory', kind, neededMiB, largestMiB };
  const roomy = alike.filter((device) => isRoomy(device, request));
  const most = mostInABox(roomy);
  if (most < needed) return { type: 'too_large', what: 'devices', kind, needed, most, memoryMiB: neededMiB };
  return { type: 'cordoned', kind, devices: roomy.filter(({ phase }) => phase !== 'open').length };
}

interface Load {
  runs: number;
  freeMiB: number;
  isTaken: boolean;
}

/** What is in its way on the devices now; null where there is room. It could start if nobody else were there. */
export function obstacleOf(request: Request, { devices, running }: Pick<State, 'devices' | 'running'>): Occupied | null {
  if (new Room(devices, running).place(request) !== null) return null;
  const { kind, devices: needed } = request;
  const open = devices.filter((device) => device.phase === 'open' && isRoomy(device, request));
  const loads = new Map(open.map((device) => [device.id, loadOf(device, running)]));
  const obstacles = open.map((device) => ({ box: device.box, obstacle: obstacleOn(device, loads.get(device.id)!, request) }));
  if (needed > 1) {
    const free = new Map<string, number>();
    for (const { box, obstacle } of obstacles) if (obstacle === null) free.set(box, (free.get(box) ?? 0) + 1);
    return { type: 'gpus', kind, free: Math.max(0, ...free.values()), needed };
  }
  // The nearest to fit: where only memory is missing, then where one run less would do, then where somebody is alone.
  const rank = { memory: 0, slots: 1, exclusive: 2, gpus: 3 } as const;
  const sizeOf = (one: Occupied) => (one.type === 'memory' ? one.missingMiB : one.type === 'gpus' ? 0 : one.runs);
  return obstacles.map(({ obstacle }) => obstacle!).reduce((best, one) => ((rank[one.type] - rank[best.type] || sizeOf(one) - sizeOf(best)) < 0 ? one : best));
}

function loadOf({ id, memoryMiB }: Device, running: readonly RunningRun[]): Load {
  const here = running.filter(({ devices }) => devices.includes(id));
  return { runs: here.length, freeMiB: here.reduce((left, { request }) => left - request.memoryMiB, memoryMiB), isTaken: here.some(({ request }) => request.exclusive) };
}

function obstacleOn({ slots }: Device, { runs, freeMiB, isTaken }: Load, { kind, memoryMiB, exclusive }: Request): Occupied | null {
  if (isTaken) return { type: 'exclusive', kind, by: 'taken', runs };
  if (exclusive && runs > 0) return { type: 'exclusive', kind, by: 'asked', runs };
  if (runs >= slots) return { type: 'slots', kind, runs };
  return freeMiB < memoryMiB ? { type: 'memory', kind, missingMiB: memoryMiB - freeMiB } : null;
}

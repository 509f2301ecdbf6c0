// What is free on the devices, and where a run fits. Packs: a run goes where the least is left over.
import { byId, type Device, type Request } from './state.js';

export interface Placed {
  request: Request;
  devices: readonly string[];
}

/** What of a room does not change. Devices are known by their place in the order of ids. */
interface Layout {
  devices: readonly Device[];
  indexOf: ReadonlyMap<string, number>;
  boxes: readonly (readonly number[])[];
}

function layoutOf(devices: readonly Device[]): Layout {
  const ordered = [...devices].sort(byId);
  const boxes = new Map<string, number[]>();
  for (const [index, { box }] of ordered.entries()) {
    const others = boxes.get(box);
    if (others === undefined) boxes.set(box, [index]);
    else others.push(index);
  }
  return { devices: ordered, indexOf: new Map(ordered.map(({ id }, index) => [id, index])), boxes: [...boxes.values()] };
}

/** Copied several times in a decision, which is why it is a few lists of numbers. */
export class Room {
  readonly #layout: Layout;
  readonly #freeMiB: number[];
  readonly #runs: number[];
  /** Runs on it that want it for themselves: more than one where it is kept for others already. */
  readonly #exclusive: number[];

  constructor(of: readonly Device[] | Room, placed: readonly Placed[] = []) {
    const isCopy = of instanceof Room;
    this.#layout = isCopy ? of.#layout : layoutOf(of);
    const { devices } = this.#layout;
    this.#freeMiB = isCopy ? of.#freeMiB.slice() : devices.map(({ memoryMiB }) => memoryMiB);
    this.#runs = isCopy ? of.#runs.slice() : devices.map(() => 0);
    this.#exclusive = isCopy ? of.#exclusive.slice() : devices.map(() => 0);
    for (const one of placed) this.take(one);
  }

  copy(): Room {
    return new Room(this);
  }

  take({ request, devices }: Placed): void {
    for (const id of devices) {
      const index = this.#layout.indexOf.get(id);
      if (index === undefined) continue; // its box has gone
      this.#freeMiB[index]! -= request.memoryMiB;
      this.#runs[index]! += 1;
      if (request.exclusive) this.#exclusive[index]! += 1;
    }
  }

  release({ request, devices }: Placed): void {
    for (const id of devices) {
      const index = this.#layout.indexOf.get(id);
      if (index === undefined) continue;
      this.#freeMiB[index]! += request.memoryMiB;
      this.#runs[index]! -= 1;
      if (request.exclusive) this.#exclusive[index]! -= 1;
    }
  }

  /** Whether no run fits that wants so much memory, or more. */
  isFullFor(memoryMiB: number): boolean {
    const isFree = ({ phase, slots }: Device, index: number) => phase === 'open' && this.#exclusive[index] === 0 && this.#runs[index]! < slots && this.#freeMiB[index]! >= memoryMiB;
    return !this.#layout.devices.some(isFree);
  }

  /** Ids of devices that the run fits on now; null when there are none. */
  place(request: Request): string[] | null {
    return request.devices === 1 ? this.#placeOnOne(request) : this.#placeOnSeveral(request);
  }

  #placeOnOne(request: Request): string[] | null {
    const { devices } = this.#layout;
    let best: number | null = null;
    for (let index = 0; index < devices.length; index += 1) {
      if ((best === null || this.#freeMiB[index]! < this.#freeMiB[best]!) && this.#fits(index, request)) best = index;
    }
    return best === null ? null : [devices[best]!.id];
  }

  #placeOnSeveral(request: Request): string[] | null {
    const tighter = (a: number, b: number) => this.#freeMiB[a]! - this.#freeMiB[b]! || a - b;
    let best: { chosen: number[]; left: number } | null = null;
    for (const box of this.#layout.boxes) {
      if (box.length < request.devices) continue;
      const fitting = box.filter((index) => this.#fits(index, request));
      if (fitting.length < request.devices) continue;
      const chosen = fitting.sort(tighter).slice(0, request.devices);
      const left = chosen.reduce((sum, index) => sum + this.#freeMiB[index]!, 0);
      if (best === null || left < best.left || (left === best.left && tighter(chosen[0]!, best.chosen[0]!) < 0)) best = { chosen, left };
    }
    return best?.chosen.map((index) => this.#layout.devices[index]!.id) ?? null;
  }

  #fits(index: number, { kind, memoryMiB, exclusive }: Request): boolean {
    const { phase, kind: ownKind, slots } = this.#layout.devices[index]!;
    const runs = this.#runs[index]!;
    if (this.#freeMiB[index]! < memoryMiB || runs >= slots || this.#exclusive[index]! > 0 || ownKind !== kind || phase !== 'open') return false;
    return !exclusive || runs === 0;
  }

  /** Whether it would fit if nobody else were there. */
  couldEver(request: Request): boolean {
    const { boxes, devices } = this.#layout;
    const fitsAlone = (index: number) => {
      const { phase, kind, slots, memoryMiB } = devices[index]!;
      return phase === 'open' && kind === request.kind && slots > 0 && memoryMiB >= request.memoryMiB;
    };
    return boxes.some((box) => box.reduce((count, index) => count + Number(fitsAlone(index)), 0) >= request.devices);
  }
}

/** What a run holds, in devices: a whole one where nobody else may be, else the larger of its parts of memory and slots. */
export function holdingOf(request: Request, { memoryMiB, slots }: Pick<Device, 'memoryMiB' | 'slots'>): number {
  const part = request.exclusive || memoryMiB <= 0 ? 1 : Math.min(1, Math.max(request.memoryMiB / memoryMiB, 1 / slots));
  return part * request.devices;
}

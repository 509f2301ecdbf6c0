// What is free on the devices, and where a run fits. Packs: a run goes where the least is left over.
import { byId, type Device, type Request } from './state.js';

interface Place {
  device: Device;
  freeMiB: number;
  runs: number;
  /** Runs on it that want it for themselves: more than one where it is kept for others already. */
  exclusive: number;
}

export interface Placed {
  request: Request;
  devices: readonly string[];
}

export class Room {
  readonly #places: Map<string, Place>;

  constructor(devices: readonly Device[], placed: readonly Placed[] = []) {
    this.#places = new Map(devices.map((device) => [device.id, { device, freeMiB: device.memoryMiB, runs: 0, exclusive: 0 }]));
    for (const one of placed) this.take(one);
  }

  copy(): Room {
    const copy = new Room([]);
    for (const [id, place] of this.#places) copy.#places.set(id, { ...place });
    return copy;
  }

  take({ request, devices }: Placed): void {
    for (const id of devices) {
      const place = this.#places.get(id);
      if (place === undefined) continue; // its box has gone
      place.freeMiB -= request.memoryMiB;
      place.runs += 1;
      if (request.exclusive) place.exclusive += 1;
    }
  }

  release({ request, devices }: Placed): void {
    for (const id of devices) {
      const place = this.#places.get(id);
      if (place === undefined) continue;
      place.freeMiB += request.memoryMiB;
      place.runs -= 1;
      if (request.exclusive) place.exclusive -= 1;
    }
  }

  /** Whether anything at all is free. */
  get isFull(): boolean {
    for (const { device, freeMiB, runs, exclusive } of this.#places.values()) {
      if (device.phase === 'open' && exclusive === 0 && runs < device.slots && freeMiB > 0) return false;
    }
    return true;
  }

  /** Ids of devices that the run fits on now; null when there are none. */
  place(request: Request): string[] | null {
    return request.devices === 1 ? this.#placeOnOne(request) : this.#placeOnSeveral(request);
  }

  #placeOnOne(request: Request): string[] | null {
    let best: Place | null = null;
    for (const place of this.#places.values()) {
      if (fits(place, request) && (best === null || tighter(place, best) < 0)) best = place;
    }
    return best === null ? null : [best.device.id];
  }

  #placeOnSeveral(request: Request): string[] | null {
    const byBox = new Map<string, Place[]>();
    for (const place of this.#places.values()) {
      if (!fits(place, request)) continue;
      const { box } = place.device;
      const others = byBox.get(box);
      if (others === undefined) byBox.set(box, [place]);
      else others.push(place);
    }
    let best: { places: Place[]; left: number } | null = null;
    for (const places of byBox.values()) {
      if (places.length < request.devices) continue;
      const chosen = places.sort(tighter).slice(0, request.devices);
      const left = chosen.reduce((sum, { freeMiB }) => sum + freeMiB, 0);
      if (best === null || left < best.left || (left === best.left && tighter(chosen[0]!, best.places[0]!) < 0)) best = { places: chosen, left };
    }
    return best?.places.map(({ device }) => device.id) ?? null;
  }

  /** Whether it would fit if nobody else were there. */
  couldEver(request: Request): boolean {
    return new Room([...this.#places.values()].map(({ device }) => device)).place(request) !== null;
  }
}

const tighter = (a: Place, b: Place) => a.freeMiB - b.freeMiB || byId(a.device, b.device);

function fits({ device, freeMiB, runs, exclusive }: Place, request: Request): boolean {
  if (device.phase !== 'open' || device.kind !== request.kind || exclusive > 0 || runs >= device.slots || freeMiB < request.memoryMiB) return false;
  return !request.exclusive || runs === 0;
}

/** What a run holds, in devices: a whole one where nobody else may be, else the larger of its parts of memory and slots. */
export function holdingOf(request: Request, { memoryMiB, slots }: Pick<Device, 'memoryMiB' | 'slots'>): number {
  const part = request.exclusive || memoryMiB <= 0 ? 1 : Math.min(1, Math.max(request.memoryMiB / memoryMiB, 1 / slots));
  return part * request.devices;
}

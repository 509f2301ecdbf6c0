// How boxes are used, on its way over the bus: in several parts where one notice cannot carry it all.
import type { DeviceSample, RunSample } from '../schemas/live.js';

/** The devices of one box and the runs on them, of all teams, at one time. The next ones replace it. */
export interface BoxSamples {
  /** The supervisor that looked. */
  worker: string;
  box: string;
  /** ISO 8601. */
  at: string;
  devices: DeviceSample[];
  runs: RunSample[];
}

interface Part extends BoxSamples {
  /** From 0. */
  part: number;
  parts: number;
}

/** JSON texts of at most `maxBytes` bytes. What does not fit into one by itself is left out. */
export function encodeSamples({ devices, runs, ...head }: BoxSamples, maxBytes: number): string[] {
  const frame = Buffer.byteLength(JSON.stringify({ ...head, devices: [], runs: [], part: 999, parts: 999 } satisfies Part));
  const contents: Pick<Part, 'devices' | 'runs'>[] = [];
  let room = 0;
  const place = (item: object, put: (content: Pick<Part, 'devices' | 'runs'>) => void) => {
    const bytes = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (frame + bytes > maxBytes) return;
    if (bytes > room || contents.length === 0) {
      contents.push({ devices: [], runs: [] });
      room = maxBytes - frame;
    }
    room -= bytes;
    put(contents.at(-1)!);
  };
  for (const device of devices) place(device, (content) => content.devices.push(device));
  for (const run of runs) place(run, (content) => content.runs.push(run));
  if (contents.length === 0) contents.push({ devices: [], runs: [] });
  return contents.map((content, part) => JSON.stringify({ ...head, ...content, part, parts: contents.length } satisfies Part));
}

/** Boxes that say something in parts at the same time; of more, some are not heard. */
const MAX_OPEN = 1000;

/** Puts the parts together again. Of what lost a part nothing is heard. */
export class SamplesReader {
  readonly #open = new Map<string, { at: string; parts: Map<number, Part> }>();

  /** The whole, with its last part; null before that, and for what is no part. */
  take(payload: string): BoxSamples | null {
    const part = decodePart(payload);
    if (part === null) return null;
    const { worker, at } = part;
    let open = this.#open.get(worker);
    if (open?.at !== at) open = { at, parts: new Map() };
    open.parts.set(part.part, part);
    if (open.parts.size < part.parts) {
      if (this.#open.size >= MAX_OPEN) this.#open.clear();
      this.#open.set(worker, open);
      return null;
    }
    this.#open.delete(worker);
    const parts = [...open.parts.values()].sort((a, b) => a.part - b.part);
    return { worker, box: part.box, at, devices: parts.flatMap(({ devices }) => devices), runs: parts.flatMap(({ runs }) => runs) };
  }
}

function decodePart(payload: string): Part | null {
  try {
    const value = JSON.parse(payload) as Partial<Part> | null;
    const isPart = typeof value?.worker === 'string' && typeof value.parts === 'number' && Array.isArray(value.devices) && Array.isArray(value.runs);
    return isPart ? (value as Part) : null;
  } catch {
    return null;
  }
}

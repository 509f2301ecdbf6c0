// What is known of the shapes of runs, kept for a while: rounds of scheduling are many, and news of it is rare.
import { DEVICE_KINDS } from '../schemas/device-kind.js';
import type { Measured } from './demand.js';
import { measureKey, type Placements } from './placements.js';

const isSame = (a: Measured | undefined, b: Measured | undefined) => a?.peakMiB === b?.peakMiB && a?.examplesPerSecond === b?.examplesPerSecond && a?.startupMs === b?.startupMs;

export class Measures {
  readonly #ask: Placements['measured'];
  #shapes = new Set<string>();
  #found = new Map<string, Measured>();

  constructor(ask: Placements['measured']) {
    this.#ask = ask;
  }

  /** By `measureKey`, of the shapes that were learnt. */
  get found(): ReadonlyMap<string, Measured> {
    return this.#found;
  }

  async learn(rows: readonly { shape: string | null }[]): Promise<void> {
    const unknown = new Set<string>();
    for (const { shape } of rows) if (shape !== null && !this.#shapes.has(shape)) unknown.add(shape);
    if (unknown.size === 0) return;
    const found = await this.#ask([...unknown]);
    for (const shape of unknown) this.#shapes.add(shape);
    for (const [key, measured] of found) this.#found.set(key, measured);
  }

  /** Asks again, of these shapes alone. Answers those of which something else is known now. */
  async renew(shapes: ReadonlySet<string>): Promise<Set<string>> {
    const found = await this.#ask([...shapes]);
    const isOther = (shape: string) => DEVICE_KINDS.some((kind) => !isSame(this.#found.get(measureKey(shape, kind)), found.get(measureKey(shape, kind))));
    const others = new Set([...shapes].filter(isOther));
    this.#shapes = new Set(shapes);
    this.#found = found;
    return others;
  }
}

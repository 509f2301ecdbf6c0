// Who waits, as the dispatcher keeps it between two rounds: read once, then what was heard of; and every few seconds
// whatever has changed unheard of.
import { setImmediate } from 'node:timers/promises';
import { Lines } from '../scheduler/lines.js';
import type { Line, WaitingRun } from '../scheduler/state.js';
import type { Largest } from './demand.js';
import { Measures } from './measures.js';
import type { Placements, WaitingRow } from './placements.js';
import { waitingRun, type Context } from './situation.js';

/** All are compared this often; in between, only what was heard of is read. */
const COMPARE_MS = 5_000;
/** Others have their turn after so many. */
const AT_ONCE = 500;

interface Known {
  row: WaitingRow;
  run: WaitingRun;
}

export class WaitingList {
  readonly #placements: Pick<Placements, 'waiting' | 'versions'>;
  readonly #measures: Measures;
  readonly #lines = new Lines();
  readonly #known = new Map<string, Known>();
  /** Runs that were heard of since they were read. */
  #news = new Set<string>();
  /** Shapes of which something else is known than when their runs were put in line. */
  #others = new Set<string>();
  /** All were read once. */
  #isComplete = false;
  #comparedAt = -Infinity;
  #comparing: Promise<void> | null = null;
  #largest: Largest = { gpu: null, cpu: null };

  constructor(placements: Pick<Placements, 'waiting' | 'versions'>, measures: Measures) {
    this.#placements = placements;
    this.#measures = measures;
  }

  get size(): number {
    return this.#known.size;
  }

  heardOf(id: string): void {
    this.#news.add(id);
  }

  get(id: string): Known | undefined {
    return this.#known.get(id);
  }

  rows(): WaitingRow[] {
    return Array.from(this.#known.values(), ({ row }) => row);
  }

  lines(): Line[] {
    return this.#lines.all();
  }

  /** Those for whom others make room. */
  promised(): WaitingRun[] {
    const promised: WaitingRun[] = [];
    for (const { row, run } of this.#known.values()) if (row.promisedAt !== null) promised.push(run);
    return promised;
  }

  async read(about: Omit<Context, 'measured'>): Promise<void> {
    if (!this.#isComplete) await this.#compare(about.now);
    // Nobody waits for the others: what they find is for a later round.
    else if (about.now - this.#comparedAt >= COMPARE_MS) this.#comparing ??= this.#compare(about.now).catch(() => undefined).finally(() => (this.#comparing = null));
    const [news, others] = [this.#news, this.#others];
    this.#news = new Set();
    this.#others = new Set();
    try {
      const rows = news.size === 0 ? [] : await this.#placements.waiting([...news]);
      await this.#measures.learn(rows);
      const found = new Set(rows.map(({ id }) => id));
      for (const id of news) if (!found.has(id)) this.drop(id);
      await this.#putAll(rows, about);
      const isOtherBox = about.largest.gpu !== this.#largest.gpu || about.largest.cpu !== this.#largest.cpu;
      const isOther = ({ row: { shape } }: Known) => isOtherBox || (shape !== null && others.has(shape));
      await this.#putAll([...this.#known.values()].filter(isOther).map(({ row }) => row), about);
    } catch (error) {
      for (const id of news) this.#news.add(id);
      for (const shape of others) this.#others.add(shape);
      throw error;
    }
    this.#largest = about.largest;
  }

  /** Resolves when nothing is asked in the background any more. */
  async settled(): Promise<void> {
    await this.#comparing;
  }

  /** Hears of those that are not as they were read, were not read at all, or wait no more. */
  async #compare(now: number): Promise<void> {
    const versions = await this.#placements.versions();
    for (const id of this.#known.keys()) if (!versions.has(id)) this.#news.add(id);
    for (const [id, version] of versions) if (this.#known.get(id)?.row.version !== version) this.#news.add(id);
    for (const shape of await this.#measures.renew(this.#shapes())) this.#others.add(shape);
    this.#comparedAt = now;
    this.#isComplete = true;
  }

  #shapes(): Set<string> {
    const shapes = new Set<string>();
    for (const { row } of this.#known.values()) if (row.shape !== null) shapes.add(row.shape);
    return shapes;
  }

  async #putAll(rows: readonly WaitingRow[], about: Omit<Context, 'measured'>): Promise<void> {
    const context = { ...about, measured: this.#measures.found };
    for (const [index, row] of rows.entries()) {
      if (index % AT_ONCE === AT_ONCE - 1) await setImmediate();
      this.#put(row, waitingRun(row, context));
    }
  }

  #put(row: WaitingRow, run: WaitingRun): void {
    const known = this.#known.get(row.id);
    if (known !== undefined && isSame(known.run, run)) {
      known.row = row;
      return;
    }
    this.drop(row.id);
    this.#known.set(row.id, { row, run });
    this.#lines.add(run);
  }

  drop(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#known.delete(id);
    this.#lines.remove(known.run);
  }
}

function isSame(a: WaitingRun, b: WaitingRun): boolean {
  return a.since === b.since && a.place === b.place && a.priority === b.priority && a.expectedMs === b.expectedMs && a.guessed === b.guessed && a.team === b.team && a.user === b.user
    && a.request.kind === b.request.kind && a.request.devices === b.request.devices && a.request.memoryMiB === b.request.memoryMiB && a.request.exclusive === b.request.exclusive;
}

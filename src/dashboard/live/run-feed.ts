// The list of all runs, kept up to date by asking: the newest page each time; beneath it, what is on devices and a page
// of what waits, so that the cost does not grow with the list. Knows neither network nor screen.
import { hasEnded, isPlaced, PLACED_STATES, WAITING_STATES } from '../../portable/run-states.js';
import type { Run } from '../api/types.js';
import { severalAtATime } from '../lib/several-at-a-time.js';
import { mergeRuns, type Part, type Span } from './merge-runs.js';

export const PAGE = 200;
/** Runs that are asked for one by one, at a time. */
const MOST_SINGLE = 20;

export interface RunPage {
  items: readonly Run[];
  nextCursor: string | null;
}

export interface RunSource {
  /** Newest first. */
  list(query: { limit: number; state?: string; cursor?: string }): Promise<RunPage>;
  /** Null where there is none. */
  find(id: string): Promise<Run | null>;
}

/** Where a list that is read page after page goes on; `below` is the last id that was read. */
interface Place {
  cursor: string;
  below: string | undefined;
}

export class RunFeed {
  /** Newest first; null before the first answer. */
  runs: readonly Run[] | null = null;
  readonly #onChange: () => void;
  /** Of the list's older part; null when all of it is here, undefined before it is known. */
  #older: Place | null | undefined;
  #waiting: Place | null = null;
  /** How often somebody was told of a run otherwise than by asking here, and for each run, when last. */
  #told = 0;
  readonly #toldOf = new Map<string, number>();

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Whether older ones are still to be read. */
  get isPartial(): boolean {
    return this.#older != null;
  }

  /** Whether something is under way that will not wait for somebody. */
  get isBusy(): boolean {
    return this.runs?.some(({ state }) => !hasEnded(state) && state !== 'paused') ?? true;
  }

  /** What was read may be old: the older part is read again. */
  restart(): void {
    this.#older = undefined;
    this.#waiting = null;
  }

  /** What somebody was just told of a run. */
  note(run: Run): void {
    this.#tell(run.id);
    if (this.runs !== null) this.#set(mergeRuns(this.runs, { items: [run] }));
  }

  forget(id: string): void {
    this.#tell(id);
    if (this.runs !== null) this.#set(this.runs.filter((run) => run.id !== id));
  }

  async poll(source: RunSource): Promise<void> {
    const since = this.#told;
    const newest = await source.list({ limit: PAGE });
    const { nextCursor } = newest;
    const last = newest.items.at(-1)?.id;
    const span: Span = nextCursor === null ? {} : { from: last };
    // So many are new that what was known begins beneath the page: what lies between is read, too.
    const isBeyond = last !== undefined && this.runs?.[0] !== undefined && this.runs[0].id < last;
    if (this.#older === undefined || (isBeyond && nextCursor !== null)) this.#older = nextCursor === null ? null : { cursor: nextCursor, below: last };
    const beneath = (this.runs ?? []).filter(({ id, state }) => !hasEnded(state) && span.from !== undefined && id < span.from);
    this.#merge({ items: newest.items, span }, since);
    if (beneath.length > 0) await this.#pollBeneath(source, beneath, since);
  }

  async #pollBeneath(source: RunSource, beneath: readonly Run[], since: number): Promise<void> {
    const placed = await readAll(source, PLACED_STATES.join());
    const [waiting, inSpan] = beneath.some(({ state }) => !isPlaced(state)) ? await this.#readWaiting(source) : [[], () => false];
    const found = new Map([...waiting, ...placed].map((run) => [run.id, run]));
    // What was under way and is so no more has ended, or was deleted.
    const lost = beneath.filter(({ id, state }) => !found.has(id) && (isPlaced(state) || inSpan(id))).slice(0, MOST_SINGLE);
    const asked = await severalAtATime(lost, ({ id }) => source.find(id));
    const gone = new Set(lost.filter((_, at) => { const answer = asked[at]!; return answer.status === 'fulfilled' && answer.value === null; }).map(({ id }) => id));
    const ended = asked.flatMap((answer) => (answer.status === 'fulfilled' && answer.value !== null ? [answer.value] : []));
    this.#merge({ items: [...found.values(), ...ended] }, since);
    if (gone.size > 0) this.#set(this.runs!.filter(({ id }) => !gone.has(id) || this.#isTold(id, since)));
  }

  /** The next page of those that wait, and what it is all of. */
  async #readWaiting(source: RunSource): Promise<[readonly Run[], (id: string) => boolean]> {
    const place = this.#waiting;
    const { items, nextCursor } = await source.list({ limit: PAGE, state: WAITING_STATES.join(), ...(place && { cursor: place.cursor }) });
    const last = items.at(-1)?.id;
    this.#waiting = nextCursor === null ? null : { cursor: nextCursor, below: last };
    return [items, (id) => (place?.below === undefined || id < place.below) && (nextCursor === null || (last !== undefined && id >= last))];
  }

  /** Reads the next page of the older part. */
  async readOlder(source: RunSource): Promise<void> {
    const place = this.#older;
    if (place == null) return;
    const since = this.#told;
    const { items, nextCursor } = await source.list({ limit: PAGE, cursor: place.cursor });
    if (this.#older !== place) return;
    const last = items.at(-1)?.id;
    this.#older = nextCursor === null ? null : { cursor: nextCursor, below: last };
    this.#merge({ items, span: { below: place.below, from: nextCursor === null ? undefined : last } }, since);
  }

  #tell(id: string): void {
    this.#told += 1;
    this.#toldOf.set(id, this.#told);
  }

  readonly #isTold = (id: string, since: number): boolean => (this.#toldOf.get(id) ?? 0) > since;

  /** An answer says nothing of runs that were changed, or made, or deleted here while it was on its way. */
  #merge(part: Part<Run>, since: number): void {
    this.#set(mergeRuns(this.runs ?? [], { ...part, except: (id) => this.#isTold(id, since) }));
  }

  #set(runs: readonly Run[]): void {
    if (runs === this.runs) return;
    this.runs = runs;
    this.#onChange();
  }
}

async function readAll(source: RunSource, state: string): Promise<readonly Run[]> {
  const all: Run[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: RunPage = await source.list({ limit: PAGE, state, ...(cursor !== undefined && { cursor }) });
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

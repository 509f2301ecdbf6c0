// One watched run, for all of its watchers: its latest events in memory, each serialised once, and shared
// readings of the log for whatever is older. Notices may be lost, doubled or out of order; the log decides.
import type { EventPage, RunEvent } from '../schemas/event.js';
import type { Run } from '../schemas/run.js';
import { writeChunk, type Chunk, type FeedEvent, type Framing } from './framing.js';
import { advance, latestOf, type Latest } from './latest.js';
import type { LiveLimits } from './limits.js';

export interface FeedWatcher {
  /** There is something new after the watcher's position, or a failed reading may be tried again. */
  wake(): void;
  /** The run is gone; nothing follows. */
  deleted(): void;
}

export interface RunFeedOptions {
  limits: Pick<LiveLimits, 'tailEvents' | 'tailBytes'>;
  /** Events after `after`, in order. */
  read(after: number): Promise<EventPage>;
  onError(error: unknown, what: string): void;
}

export class RunFeed {
  readonly runId: string;
  readonly #options: RunFeedOptions;
  readonly #watchers = new Set<FeedWatcher>();
  readonly #pages = new Map<number, Promise<readonly FeedEvent[]>>();
  /** The events `#last - #tail.length + 1` to `#last`. */
  #tail: FeedEvent[] = [];
  #tailBytes = 0;
  #last: number;
  #head: number;
  #latest: Latest;
  #filling = false;
  #closed = false;
  #deleted = false;
  /** What each framing wrote last: those who are equally far share it. */
  readonly #written = new WeakMap<Framing, { after: number; last: number; budget: number; chunk: Chunk }>();

  constructor(run: Run, options: RunFeedOptions) {
    this.runId = run.id;
    this.#options = options;
    this.#last = run.head;
    this.#head = run.head;
    this.#latest = latestOf(run);
  }

  /** Number of the latest event known of. */
  get head(): number {
    return this.#head;
  }

  get latest(): Latest {
    return this.#latest;
  }

  get deleted(): boolean {
    return this.#deleted;
  }

  watch(watcher: FeedWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: FeedWatcher): void {
    this.#watchers.delete(watcher);
  }

  /** What the bus tells: the head, and perhaps the events themselves. */
  notice({ head, events = [] }: { head: number; events?: readonly RunEvent[] }): void {
    this.#append(events, events.map(toFeedEvent));
    this.#raise(Math.max(head, events.at(-1)?.seq ?? 0));
  }

  /** What the log says; also the moment to try again what failed. */
  check(head: number): void {
    this.#raise(head);
    this.#wakeAll();
  }

  /** Tells all watchers that the run is gone. */
  delete(): void {
    this.#closed = true;
    this.#deleted = true;
    for (const watcher of [...this.#watchers]) watcher.deleted();
    this.#watchers.clear();
  }

  close(): void {
    this.#closed = true;
  }

  /**
   * Events after `after` that are in memory, at most about `budget` bytes of them; null when there are none
   * yet, 'older' when they must be read from the log.
   */
  take(after: number, budget: number, framing: Framing): Chunk | null | 'older' {
    if (after >= this.#last) return null;
    const start = after - (this.#last - this.#tail.length);
    if (start < 0) return 'older';
    const written = this.#written.get(framing);
    if (written?.after === after && written.last === this.#last && written.budget === budget) return written.chunk;
    const chunk = writeChunk(this.runId, this.#tail, { start, budget, framing });
    this.#written.set(framing, { after, last: this.#last, budget, chunk });
    return chunk;
  }

  /** The events from `after + 1` on, out of the log; one reading serves all who ask meanwhile. */
  page(after: number): Promise<readonly FeedEvent[]> {
    const underWay = this.#pages.get(after);
    if (underWay !== undefined) return underWay;
    const page = this.#load(after)
      .catch((error: unknown) => {
        this.#options.onError(error, `reading the events of run ${this.runId}`);
        throw error;
      })
      .finally(() => this.#pages.delete(after));
    this.#pages.set(after, page);
    return page;
  }

  async #load(after: number): Promise<readonly FeedEvent[]> {
    const page = await this.#options.read(after);
    page.items.forEach((event, index) => {
      if (event.seq !== after + index + 1) throw new Error(`the log of run ${this.runId} has a gap before event ${event.seq}`);
    });
    const events = page.items.map(toFeedEvent);
    this.#append(page.items, events);
    // A head that the log does not confirm is forgotten, or the reading would never end.
    if (events.length === 0) this.#head = Math.max(this.#last, page.head);
    else this.#raise(page.head);
    return events;
  }

  /** Takes those events that continue the tail. */
  #append(events: readonly RunEvent[], kept: readonly FeedEvent[]): void {
    const before = this.#last;
    events.forEach((event, index) => {
      const one = kept[index];
      if (event.seq !== this.#last + 1 || one === undefined) return;
      this.#tail.push(one);
      this.#tailBytes += one.json.length;
      this.#last = event.seq;
      this.#latest = advance(this.#latest, event);
    });
    if (this.#last === before) return;
    this.#head = Math.max(this.#head, this.#last);
    this.#wakeAll();
    this.#trim();
  }

  #trim(): void {
    const { tailEvents, tailBytes } = this.#options.limits;
    if (this.#tail.length <= tailEvents && this.#tailBytes <= tailBytes) return;
    // Down to half, so that the copying is rare.
    let kept = this.#tail.length;
    let bytes = this.#tailBytes;
    while (kept > tailEvents / 2 || bytes > tailBytes / 2) {
      bytes -= this.#tail[this.#tail.length - kept]?.json.length ?? 0;
      kept -= 1;
    }
    this.#tail = kept === 0 ? [] : this.#tail.slice(-kept);
    this.#tailBytes = bytes;
  }

  #raise(head: number): void {
    this.#head = Math.max(this.#head, head);
    if (this.#last < this.#head) void this.#fill();
  }

  /** Reads up to the head; one at a time, for all watchers. */
  async #fill(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    try {
      while (!this.#closed && this.#last < this.#head) await this.page(this.#last);
    } catch {
      // Reported by the reading itself; the next notice or check tries again.
    } finally {
      this.#filling = false;
    }
  }

  #wakeAll(): void {
    for (const watcher of [...this.#watchers]) watcher.wake();
  }
}

function toFeedEvent(event: RunEvent): FeedEvent {
  return { seq: event.seq, kind: event.kind, json: JSON.stringify(event) };
}

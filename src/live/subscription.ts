// One client's place in one run's events. It holds a position and at most one page of the log, never a
// queue: what was not pulled stays in the log.
import { writeChunk, type Chunk, type FeedEvent, type Framing } from './framing.js';
import type { FeedWatcher, RunFeed } from './run-feed.js';
import type { FeedLease } from './watched-runs.js';

export interface SubscriptionOptions {
  lease: FeedLease;
  /** Number of the last event that the client has. */
  after: number;
  framing: Framing;
  /** New events may be there. */
  onNews(): void;
  /** Older events that the client waits for have been read. */
  onPage(): void;
  onDeleted(): void;
}

export class Subscription implements FeedWatcher {
  readonly feed: RunFeed;
  readonly #options: SubscriptionOptions;
  #cursor: number;
  #page: { events: readonly FeedEvent[]; after: number } | null = null;
  #loading = false;
  #closed = false;

  constructor(options: SubscriptionOptions) {
    this.feed = options.lease.feed;
    this.#options = options;
    this.#cursor = options.after;
    this.feed.watch(this);
  }

  /** Number of the last event that was pulled. */
  get position(): number {
    return this.#cursor;
  }

  /** Whether events exist that were not pulled. */
  get behind(): boolean {
    return this.#cursor < this.feed.head;
  }

  /** The next events in order, about `budget` bytes of them, each once; null when none is at hand. */
  pull(budget: number): Chunk | null {
    const chunk = this.#fromPage(budget) ?? this.feed.take(this.#cursor, budget, this.#options.framing);
    if (chunk === 'older') {
      this.#load();
      return null;
    }
    if (chunk !== null) this.#cursor = chunk.last;
    return chunk;
  }

  close(): void {
    this.#closed = true;
    this.#page = null;
    this.feed.unwatch(this);
    this.#options.lease.release();
  }

  wake(): void {
    this.#options.onNews();
  }

  deleted(): void {
    this.#options.onDeleted();
  }

  #fromPage(budget: number): Chunk | null {
    if (this.#page === null) return null;
    const { events, after } = this.#page;
    const start = this.#cursor - after;
    if (start >= events.length) {
      this.#page = null;
      return null;
    }
    return writeChunk(this.feed.runId, events, { start, budget, framing: this.#options.framing });
  }

  #load(): void {
    if (this.#loading) return;
    this.#loading = true;
    const after = this.#cursor;
    this.feed.page(after).then(
      (events) => {
        this.#loading = false;
        if (this.#closed || events.length === 0) return;
        this.#page = { events, after };
        this.#options.onPage();
      },
      // Reported where it was read; the next check of the heads wakes us again.
      () => {
        this.#loading = false;
      },
    );
  }
}

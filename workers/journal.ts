// What one attempt writes, in order: events and changes of state. Events that wait while the database is
// busy or away are joined into one append; while it is away, writing is tried again and training goes on.
import { setTimeout as delay } from 'node:timers/promises';
import type { Bus } from '../src/live/bus.js';
import { FencedError, type EventLog, type Fence } from '../src/live/event-log.js';
import type { NewEvent } from '../src/schemas/event.js';
import { isAway } from './away.js';
import { Spool, type Entry } from './spool.js';

export interface JournalOptions {
  fence: Fence;
  /** Number of the run's latest event when the attempt began. */
  head: number;
  events: EventLog;
  bus: Bus;
  /** For what waits longer; made when it is needed. */
  spoolFile: string;
  /** The attempt was replaced, or writing failed for good: nothing more will be written. */
  onBroken(error: unknown): void;
  /** The database does not answer, or the artifact storage that an act is about; writing goes on when it does. Called once per outage. */
  onAway(error: unknown): void;
  /** The spool file cannot be written; what waits is kept in memory. */
  onSpoolError(error: unknown): void;
}

const APPEND_LIMIT = 500;
const SPOOL_AFTER = 1_000;
const RETRY_MS = 500;

export class Journal {
  readonly #options: JournalOptions;
  readonly #spool: Spool;
  #draining: Promise<void> | null = null;
  /** Number of the last event that is known to be in the log. */
  #head: number;
  /** The last append failed, and may have been committed all the same. */
  #isUncertain = false;
  #broken = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#head = options.head;
    this.#spool = new Spool({ file: options.spoolFile, memoryLimit: SPOOL_AFTER, onError: (error) => options.onSpoolError(error) });
  }

  write(...events: NewEvent[]): void {
    if (this.#broken) return;
    for (const event of events) this.#spool.push({ kind: 'event', event });
    this.#begin();
  }

  /** Runs `act` after everything written so far; it is tried again while the database or the artifact storage is away. */
  act(act: () => Promise<void>): void {
    if (this.#broken) return;
    this.#spool.push({ kind: 'act', act });
    this.#begin();
  }

  /** Resolves when all that was written is in the log, or the journal is broken. */
  async settled(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
  }

  /** Frees the spool; nothing may be written after. */
  close(): void {
    this.#spool.close();
  }

  #begin(): void {
    this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    try {
      for (let entries = this.#spool.peek(); entries.length > 0; entries = this.#spool.peek()) {
        this.#spool.drop(await this.#untilBack(() => this.#writeFirst(entries)));
      }
    } catch (error) {
      this.#broken = true;
      this.#spool.close();
      this.#options.onBroken(error);
    }
    this.#draining = null;
  }

  /** Tries again while either is away. */
  async #untilBack<T>(write: () => Promise<T>): Promise<T> {
    for (let isRetry = false; ; isRetry = true) {
      try {
        return await write();
      } catch (error) {
        if (error instanceof FencedError || !isAway(error)) throw error;
        if (!isRetry) this.#options.onAway(error);
        await delay(RETRY_MS);
      }
    }
  }

  /** Writes the leading events, or does the act that comes first; answers how many entries that were. */
  async #writeFirst(entries: readonly Entry[]): Promise<number> {
    const [first] = entries;
    if (first?.kind === 'act') {
      await first.act();
      return 1;
    }
    const events: NewEvent[] = [];
    for (const entry of entries) {
      if (entry.kind === 'act' || events.length === APPEND_LIMIT) break;
      events.push(entry.event);
    }
    await this.#append(events);
    return events.length;
  }

  async #append(events: NewEvent[]): Promise<void> {
    const { fence, bus } = this.#options;
    const isRetry = this.#isUncertain;
    this.#isUncertain = true;
    const written = await this.#options.events.append(fence, events, isRetry ? { after: this.#head } : undefined);
    this.#isUncertain = false;
    this.#head = written.at(-1)?.seq ?? this.#head;
    // The log holds them already; a notice that is lost is found by the hub's own check. What was written in two
    // goes may have another's event between.
    await bus.publishEvents({ runId: fence.runId, head: this.#head, ...(isRetry ? {} : { events: written }) }).catch(() => undefined);
  }
}

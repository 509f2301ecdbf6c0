// What one attempt writes, in order: events and changes of state. Events that wait while the database is
// busy or away are joined into one append; while it is away, writing is tried again and training goes on.
import { setTimeout as delay } from 'node:timers/promises';
import { isDatabaseAway } from '../src/db/client.js';
import type { Bus } from '../src/live/bus.js';
import { FencedError, type EventLog, type Fence } from '../src/live/event-log.js';
import type { NewEvent } from '../src/schemas/event.js';

type Entry = { kind: 'event'; event: NewEvent } | { kind: 'act'; act: () => Promise<void> };

export interface JournalOptions {
  fence: Fence;
  /** Number of the run's latest event when the attempt began. */
  head: number;
  events: EventLog;
  bus: Bus;
  /** The attempt was replaced, or writing failed for good: nothing more will be written. */
  onBroken(error: unknown): void;
  /** The database does not answer; writing goes on when it does. Called once per outage. */
  onAway(error: unknown): void;
}

const APPEND_LIMIT = 500;
const RETRY_MS = 500;

export class Journal {
  readonly #options: JournalOptions;
  readonly #entries: Entry[] = [];
  #draining: Promise<void> | null = null;
  /** Number of the last event that is known to be in the log. */
  #head: number;
  /** The last append failed, and may have been committed all the same. */
  #isUncertain = false;
  #broken = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#head = options.head;
  }

  write(...events: NewEvent[]): void {
    this.#push(events.map((event) => ({ kind: 'event', event })));
  }

  /** Runs `act` after everything written so far; it is tried again while the database is away. */
  act(act: () => Promise<void>): void {
    this.#push([{ kind: 'act', act }]);
  }

  /** Resolves when all that was written is in the log, or the journal is broken. */
  async settled(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
  }

  #push(entries: Entry[]): void {
    if (this.#broken || entries.length === 0) return;
    this.#entries.push(...entries);
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null;
    });
  }

  async #drain(): Promise<void> {
    let away = false;
    while (this.#entries.length > 0) {
      const events = this.#leadingEvents();
      try {
        if (events.length > 0) await this.#append(events);
        else await (this.#entries[0] as Entry & { kind: 'act' }).act();
        this.#entries.splice(0, Math.max(1, events.length));
        away = false;
      } catch (error) {
        if (error instanceof FencedError || !isDatabaseAway(error)) {
          this.#broken = true;
          this.#entries.length = 0;
          this.#options.onBroken(error);
          return;
        }
        if (!away) this.#options.onAway(error);
        away = true;
        await delay(RETRY_MS);
      }
    }
  }

  #leadingEvents(): NewEvent[] {
    const events: NewEvent[] = [];
    for (const entry of this.#entries) {
      if (entry.kind !== 'event' || events.length === APPEND_LIMIT) break;
      events.push(entry.event);
    }
    return events;
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

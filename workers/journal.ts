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
  #broken = false;

  constructor(options: JournalOptions) {
    this.#options = options;
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
    const written = await this.#options.events.append(fence, events);
    const head = written.at(-1)?.seq;
    // The log holds them already; a notice that is lost is found by the hub's own check.
    if (head !== undefined) await bus.publishEvents({ runId: fence.runId, head, events: written }).catch(() => undefined);
  }
}

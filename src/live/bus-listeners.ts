// Who listens to what on a bus, apart from how it travels; and the form in which it travels.
import type { BoxSamples } from './box-samples.js';
import { ABOUT_ALL, ABOUT_RUN, type Command, type EventNotice, type Unsubscribe } from './bus.js';

type Listener<T> = (value: T) => void;

export class BusListeners {
  readonly #onChange: () => void;
  readonly #onError: (error: Error) => void;
  readonly #all = new Set<Listener<EventNotice>>();
  readonly #runs = new Map<string, Set<Listener<EventNotice>>>();
  readonly #commands = new Set<Listener<Command>>();
  readonly #samples = new Set<Listener<BoxSamples>>();
  readonly #gaps = new Set<Listener<void>>();

  /**
   * @param onChange called when something is wanted for the first time, or no longer
   * @param onError gets what a listener throws, so that it does not reach the others
   */
  constructor(onChange: () => void, onError: (error: Error) => void) {
    this.#onChange = onChange;
    this.#onError = onError;
  }

  get wantsAll(): boolean {
    return this.#all.size > 0;
  }

  get wantsCommands(): boolean {
    return this.#commands.size > 0;
  }

  get wantsSamples(): boolean {
    return this.#samples.size > 0;
  }

  get wantedRuns(): string[] {
    return [...this.#runs.keys()];
  }

  onEvents(listener: Listener<EventNotice>): Unsubscribe {
    return this.#add(this.#all, listener);
  }

  subscribe(runId: string, listener: Listener<EventNotice>): Unsubscribe {
    let listeners = this.#runs.get(runId);
    if (!listeners) this.#runs.set(runId, (listeners = new Set()));
    return this.#add(listeners, listener, () => this.#runs.delete(runId));
  }

  onCommand(listener: Listener<Command>): Unsubscribe {
    return this.#add(this.#commands, listener);
  }

  onSamples(listener: Listener<BoxSamples>): Unsubscribe {
    return this.#add(this.#samples, listener);
  }

  onGap(listener: Listener<void>): Unsubscribe {
    return this.#add(this.#gaps, listener);
  }

  /** To the listeners of all runs. */
  deliverToAll(notice: EventNotice): void {
    this.#deliver(this.#all, notice);
  }

  /** To the listeners of this run alone. */
  deliverToRun(notice: EventNotice): void {
    this.#deliver(this.#runs.get(notice.runId), notice);
  }

  deliverCommand(command: Command): void {
    this.#deliver(this.#commands, command);
  }

  deliverSamples(samples: BoxSamples): void {
    this.#deliver(this.#samples, samples);
  }

  reportGap(): void {
    this.#deliver(this.#gaps, undefined);
  }

  /** The same function may listen twice, so what is kept is an entry of its own. */
  #add<T>(listeners: Set<Listener<T>>, listener: Listener<T>, emptied: () => void = () => {}): Unsubscribe {
    const entry: Listener<T> = (value) => listener(value);
    listeners.add(entry);
    if (listeners.size === 1) this.#onChange();
    return () => {
      if (!listeners.delete(entry) || listeners.size > 0) return;
      emptied();
      this.#onChange();
    };
  }

  #deliver<T>(listeners: Set<Listener<T>> | undefined, value: T): void {
    for (const listener of [...(listeners ?? [])]) {
      try {
        listener(value);
      } catch (error) {
        this.#onError(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}

/** JSON of at most `maxBytes` bytes: the events are left out when they do not fit. */
export function encodeNotice(notice: EventNotice, maxBytes: number): string {
  const whole = JSON.stringify(notice);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  return JSON.stringify({ runId: notice.runId, head: notice.head } satisfies EventNotice);
}

/** Reads what a process of ours has sent; null for anything else. */
export function decodeNotice(payload: string): EventNotice | null {
  const value = parse(payload) as Partial<EventNotice> | null;
  return typeof value?.runId === 'string' && typeof value.head === 'number' ? (value as EventNotice) : null;
}

/** As `decodeNotice`. */
export function decodeCommand(payload: string): Command | null {
  const value = parse(payload) as { type?: unknown; runId?: unknown } | null;
  const isAboutAll = ABOUT_ALL.some((type) => type === value?.type);
  const isAboutRun = ABOUT_RUN.some((type) => type === value?.type) && typeof value?.runId === 'string';
  return isAboutAll || isAboutRun ? (value as Command) : null;
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}

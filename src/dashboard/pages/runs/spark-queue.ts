// Which little curves are fetched when: of rows that have stayed on the screen, the latest seen first, a few at a time.
// What was fetched stays as long as the run has told nothing new.

/** A row must stay this long: who scrolls past asks for nothing. */
export const STAY_MS = 120;
const MOST_AT_ONCE = 3;
const MOST_KEPT = 1500;

export interface SparkQueueOptions<T> {
  read(id: string): Promise<T>;
  /** After the first of these milliseconds since its last reading, a run that goes on is read again. */
  againMs?: number;
  now?(): number;
  later?(act: () => void, ms: number): void;
}

interface Kept<T> {
  value: T | undefined;
  head: number;
  at: number;
}

export class SparkQueue<T> {
  readonly #options: Required<SparkQueueOptions<T>>;
  readonly #kept = new Map<string, Kept<T>>();
  readonly #wanted = new Map<string, { head: number; since: number; tell: () => void }>();
  #busy = 0;
  #isPlanned = false;

  constructor(options: SparkQueueOptions<T>) {
    this.#options = { againMs: 5000, now: () => performance.now(), later: (act, ms) => void setTimeout(act, ms), ...options };
  }

  /** What is known of a run now. */
  peek(id: string): T | undefined {
    return this.#kept.get(id)?.value;
  }

  /** A row is on the screen, and its run at event `head`. `tell` is called when there is something new to see. */
  want(id: string, head: number, tell: () => void): void {
    const since = this.#wanted.get(id)?.since ?? this.#options.now();
    this.#wanted.delete(id);
    this.#wanted.set(id, { head, since, tell });
    this.#plan();
  }

  /** It is not there any more. */
  leave(id: string): void {
    this.#wanted.delete(id);
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#options.later(() => {
      this.#isPlanned = false;
      this.#next();
    }, STAY_MS);
  }

  #next(): void {
    const now = this.#options.now();
    let isWaiting = false;
    for (const [id, { head, since }] of [...this.#wanted].reverse()) {
      const kept = this.#kept.get(id);
      if (kept !== undefined && (kept.head >= head || kept.at === Infinity)) continue;
      if (now - since < STAY_MS - 5 || (kept !== undefined && now - kept.at < this.#options.againMs) || this.#busy >= MOST_AT_ONCE) isWaiting = true;
      else void this.#read(id, head);
    }
    if (isWaiting) this.#plan();
  }

  async #read(id: string, head: number): Promise<void> {
    this.#busy += 1;
    const before = this.#kept.get(id)?.value;
    // Under way: nobody asks a second time.
    this.#kept.set(id, { value: before, head: -1, at: Infinity });
    const value = await this.#options.read(id).catch(() => undefined);
    this.#busy -= 1;
    this.#kept.delete(id);
    // One that failed is tried again in a while, and what was there stays.
    this.#kept.set(id, { value: value ?? before, head: value === undefined ? -1 : head, at: this.#options.now() });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined && !this.#wanted.has(oldest)) this.#kept.delete(oldest);
    this.#wanted.get(id)?.tell();
    if (this.#wanted.size > 0) this.#plan();
  }
}

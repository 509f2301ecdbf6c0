// Answers that are dear to find, given to all who ask within a while.

interface Answer<T> {
  found: Promise<T>;
  /** Infinity while it is being found. */
  until: number;
}

export class Kept<T> {
  readonly #forMs: (tookMs: number) => number;
  readonly #now: () => number;
  readonly #answers = new Map<string, Answer<T>>();

  /** @param forMs milliseconds that an answer stays good after it came; one that fails is not kept */
  constructor(forMs: number | ((tookMs: number) => number), now: () => number = Date.now) {
    this.#forMs = typeof forMs === 'number' ? () => forMs : forMs;
    this.#now = now;
  }

  /** @param question of several, which */
  get(find: () => Promise<T>, question = ''): Promise<T> {
    for (const [key, { until }] of this.#answers) if (this.#now() >= until) this.#answers.delete(key);
    const known = this.#answers.get(question);
    if (known !== undefined) return known.found;
    const askedAt = this.#now();
    const answer: Answer<T> = { found: find(), until: Infinity };
    this.#answers.set(question, answer);
    answer.found.then(
      () => (answer.until = this.#now() + this.#forMs(this.#now() - askedAt)),
      () => this.#answers.get(question) === answer && this.#answers.delete(question),
    );
    return answer.found;
  }

  /** Whoever asks next has it found anew. */
  forget(): void {
    this.#answers.clear();
  }
}

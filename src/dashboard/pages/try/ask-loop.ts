// Questions that come faster than answers: one at a time, at most one a frame, and always the latest.

export interface AskLoopOptions<Q, A> {
  ask(question: Q): Promise<A>;
  onAnswer(answer: A): void;
  onFault(error: unknown): void;
  /** Calls back before the next frame is drawn. */
  frame(work: () => void): void;
}

export class AskLoop<Q, A> {
  readonly #options: AskLoopOptions<Q, A>;
  #next: (() => Q | null) | null = null;
  #isBusy = false;
  /** Grows where answers to what was asked before are wanted no more. */
  #age = 0;

  constructor(options: AskLoopOptions<Q, A>) {
    this.#options = options;
  }

  /** `read` is called when its turn comes, and answers null where there is nothing to ask. */
  want(read: () => Q | null): void {
    this.#next = read;
    this.#begin();
  }

  /** Neither asks what waits nor tells what was asked. */
  forget(): void {
    this.#next = null;
    this.#age += 1;
  }

  #begin(): void {
    if (this.#isBusy || this.#next === null) return;
    this.#isBusy = true;
    this.#options.frame(() => void this.#ask());
  }

  async #ask(): Promise<void> {
    const age = this.#age;
    try {
      const question = this.#next?.() ?? null;
      this.#next = null;
      if (question !== null) {
        const answer = await this.#options.ask(question);
        if (age === this.#age) this.#options.onAnswer(answer);
      }
    } catch (error) {
      if (age === this.#age) this.#options.onFault(error);
    }
    this.#isBusy = false;
    this.#begin();
  }
}

// One question of a team at a time, since each may read all that was used in a year.

export class Turns {
  /** By who asks: settles when nobody is before the next one. */
  readonly #before = new Map<string, Promise<unknown>>();

  take<T>(who: string, find: () => Promise<T>): Promise<T> {
    const answer = (this.#before.get(who) ?? Promise.resolve()).then(find);
    const done = answer.then(() => undefined, () => undefined);
    this.#before.set(who, done);
    void done.then(() => this.#before.get(who) === done && this.#before.delete(who));
    return answer;
  }
}

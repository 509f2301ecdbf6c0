// One question of a team at a time, since each may read all that was used in a year; what was answered a moment ago is
// answered again.

export class Turns<T> {
  readonly #freshMs: number;
  /** By who asks, and what. */
  readonly #answers = new Map<string, Promise<T>>();
  /** By who asks: settles when nobody is before the next one. */
  readonly #before = new Map<string, Promise<void>>();

  constructor(freshMs: number) {
    this.#freshMs = freshMs;
  }

  ask(who: string, question: string, find: () => Promise<T>): Promise<T> {
    const key = `${who} ${question}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = (this.#before.get(who) ?? Promise.resolve()).then(find);
    this.#answers.set(key, answer);
    const forget = () => this.#answers.delete(key);
    const done = answer.then(() => void setTimeout(forget, this.#freshMs).unref(), () => void forget());
    this.#before.set(who, done);
    void done.then(() => this.#before.get(who) === done && this.#before.delete(who));
    return answer;
  }
}

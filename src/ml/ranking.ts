// The first few of many, as they come by.

/** The `limit` items of the lowest ranks, lowest first; of equal ones, those that came first. */
export class Ranking<T> {
  readonly items: T[] = [];
  readonly #limit: number;
  readonly #ranks: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Keeps the item if it is among the first. */
  add(rank: number, item: T): void {
    if (this.#ranks.length === this.#limit && rank >= this.#ranks.at(-1)!) return;
    let place = this.#ranks.length;
    while (place > 0 && rank < this.#ranks[place - 1]!) place -= 1;
    this.#ranks.splice(place, 0, rank);
    this.items.splice(place, 0, item);
    if (this.items.length <= this.#limit) return;
    this.#ranks.pop();
    this.items.pop();
  }
}

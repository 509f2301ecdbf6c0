// Owns what was started, and ends it in the reverse order, whatever happens.
import type { TestScope } from '../helpers/postgres.js';

export class Scope implements TestScope {
  readonly #works: (() => Promise<void> | void)[] = [];

  teardown(work: () => Promise<void> | void): void {
    this.#works.push(work);
  }

  /** Ends everything, also where the end of one thing fails; the first failure is thrown then. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const work of this.#works.splice(0).reverse()) {
      try {
        await work();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

// The runs of a queue: names and users of exactly those that are in it, however many wait behind them.
import type { Run } from '../../api/types.js';
import { severalAtATime } from '../../lib/several-at-a-time.js';

/** Of those that had to be read one by one, so many are read again each time. */
const MOST_AGAIN = 10;

export interface QueuedSource {
  /** Those that were submitted first, in one request. */
  list(): Promise<readonly Run[]>;
  find(id: string): Promise<Run>;
}

export class QueuedRuns {
  /** Read one by one; the one that was read longest ago first. */
  #single = new Map<string, Run>();

  /** In the order of the ids; one that could not be read is left out. */
  async read(ids: readonly string[], source: QueuedSource): Promise<readonly Run[]> {
    const listed = new Map((await source.list()).map((run) => [run.id, run]));
    const others = new Set(ids.filter((id) => !listed.has(id)));
    this.#single = new Map([...this.#single].filter(([id]) => others.has(id)));
    const asked = [...[...others].filter((id) => !this.#single.has(id)), ...[...this.#single.keys()].slice(0, MOST_AGAIN)];
    for (const [at, answer] of (await severalAtATime(asked, source.find)).entries()) {
      if (answer.status === 'rejected') continue;
      // Behind all others.
      this.#single.delete(asked[at]!);
      this.#single.set(asked[at]!, answer.value);
    }
    return ids.map((id) => listed.get(id) ?? this.#single.get(id)).filter((run) => run !== undefined);
  }
}

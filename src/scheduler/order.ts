// Who is next. First whoever has waited too long, the longest first; then the team that has used the least of its
// share, in it the user, of whom the run with the highest priority, and of these the oldest.
import type { Shares } from './shares.js';
import type { Line, Settings, WaitingRun } from './state.js';

/** Since when a user has waited for something to start: the longest-waiting run, or their last start. */
export const claimSince = ({ oldest }: Line, lastStart: number | null): number => Math.max(oldest.since, lastStart ?? -Infinity);

interface Queue {
  line: Line;
  /** Place in the line of the next that was not asked for yet. */
  next: number;
}

export interface Next {
  run: WaitingRun;
  /** It is served by age. */
  aged: boolean;
}

/** Gives every waiting run once, as long as its team may start something. */
export class Order {
  readonly #shares: Shares;
  readonly #teams = new Map<string, Queue[]>();
  readonly #aged: WaitingRun[];
  readonly #given = new Set<string>();
  /** The one whose turn it is until something was started. */
  #current: Queue | null = null;

  constructor(lines: readonly Line[], { shares, now, agingMs }: { shares: Shares; now: number } & Pick<Settings, 'agingMs'>) {
    this.#shares = shares;
    const claims: { since: number; run: WaitingRun }[] = [];
    for (const line of lines) {
      const others = this.#teams.get(line.team);
      if (others === undefined) this.#teams.set(line.team, [{ line, next: 0 }]);
      else others.push({ line, next: 0 });
      const since = claimSince(line, shares.lastStartOf(line));
      if (now - since < agingMs) continue;
      claims.push({ since, run: line.oldest });
    }
    this.#aged = claims.sort((a, b) => b.since - a.since || (a.run.id < b.run.id ? 1 : -1)).map(({ run }) => run);
  }

  next(): Next | null {
    for (let run = this.#aged.pop(); run !== undefined; run = this.#aged.pop()) {
      if (this.#shares.quotaOf(run.team) !== null) continue;
      this.#given.add(run.id);
      return { run, aged: true };
    }
    for (;;) {
      const queue = this.#current ?? this.#leastServed();
      if (queue === null) return null;
      this.#current = queue.next + 1 < queue.line.runs.length ? queue : null;
      const run = queue.line.runs[queue.next]!;
      queue.next += 1;
      if (!this.#given.has(run.id)) return { run, aged: false };
    }
  }

  /** A run was started: others may have a better claim now. */
  started(): void {
    this.#current = null;
  }

  #leastServed(): Queue | null {
    let best: { pull: number; queues: Queue[]; team: string } | null = null;
    for (const [team, queues] of this.#teams) {
      if (this.#shares.quotaOf(team) !== null) continue;
      const left = queues.filter(({ line, next }) => next < line.runs.length);
      if (left.length === 0) {
        this.#teams.delete(team);
        continue;
      }
      const pull = this.#shares.pull(team);
      if (best === null || pull < best.pull || (pull === best.pull && team < best.team)) best = { pull, queues: left, team };
    }
    if (best === null) return null;
    return best.queues.reduce((least, queue) => (this.#before(queue, least) ? queue : least));
  }

  #before({ line: a }: Queue, { line: b }: Queue): boolean {
    const difference = this.#shares.pullOf(a) - this.#shares.pullOf(b);
    return difference < 0 || (difference === 0 && a.user < b.user);
  }
}

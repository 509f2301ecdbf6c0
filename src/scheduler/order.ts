// Who is next. First those for whom others made room; then whoever has waited too long, the longest first; then the
// team that has used the least of its share, in it the user, of whom the run with the highest priority, and of these
// the oldest.
import type { Shares } from './shares.js';
import { byId, type Line, type Request, type Settings, type State, type WaitingRun } from './state.js';

interface Queue {
  line: Line;
  /** Place in the line of the next that was not asked for yet. */
  next: number;
}

const hasMore = ({ line, next }: Queue) => next < line.runs.length;

export interface Next {
  run: WaitingRun;
  /** It is served by age. */
  aged: boolean;
  /** Others have made room for it, or are about to. */
  promised: boolean;
}

export interface OrderOptions extends Pick<Settings, 'agingMs'> {
  shares: Shares;
  isPossible(request: Request): boolean;
}

/** Gives every waiting run once, as long as its team may start something. */
export class Order {
  readonly #shares: Shares;
  readonly #teams = new Map<string, Queue[]>();
  /** Those before all others, the last one first. */
  readonly #first: Next[];
  readonly #given = new Set<string>();
  /** The one whose turn it is until something was started. */
  #current: Queue | null = null;

  constructor({ lines, promised, now }: Pick<State, 'lines' | 'promised' | 'now'>, { shares, agingMs, isPossible }: OrderOptions) {
    this.#shares = shares;
    const claims: { since: number; run: WaitingRun }[] = [];
    for (const line of lines) {
      const others = this.#teams.get(line.team);
      if (others === undefined) this.#teams.set(line.team, [{ line, next: 0 }]);
      else others.push({ line, next: 0 });
      if (now - line.byAge[0]!.since < agingMs) continue;
      const run = line.byAge.find(({ request }) => isPossible(request));
      if (run === undefined) continue;
      const since = Math.max(run.since, shares.lastTurnOf(line) ?? -Infinity);
      if (now - since >= agingMs) claims.push({ since, run });
    }
    const aged = claims.sort((a, b) => b.since - a.since || byId(b.run, a.run)).map(({ run }): Next => ({ run, aged: true, promised: false }));
    const agedIds = new Set(aged.map(({ run }) => run.id));
    const before = [...promised].sort((a, b) => b.since - a.since || byId(b, a)).map((run): Next => ({ run, aged: agedIds.has(run.id), promised: true }));
    this.#first = [...aged, ...before];
  }

  next(): Next | null {
    for (let next = this.#first.pop(); next !== undefined; next = this.#first.pop()) {
      const { run, promised } = next;
      // What was promised is counted already.
      if (this.#given.has(run.id) || (promised ? this.#shares.quotaOf(run.team) === 'spent' : this.#shares.quotaOf(run.team) !== null)) continue;
      this.#given.add(run.id);
      return next;
    }
    for (;;) {
      const queue = this.#current ?? this.#leastServed();
      if (queue === null) return null;
      this.#current = queue.next + 1 < queue.line.runs.length ? queue : null;
      const run = queue.line.runs[queue.next]!;
      queue.next += 1;
      if (!this.#given.has(run.id)) return { run, aged: false, promised: false };
    }
  }

  /** A run was started, or counts as if: others may have a better claim now. */
  started(): void {
    this.#current = null;
  }

  /** Nothing more of this team is to be given, but for those before all others. */
  drop(team: string): void {
    this.#teams.delete(team);
    this.#current = null;
  }

  #leastServed(): Queue | null {
    let best: { pull: number; queues: Queue[]; team: string } | null = null;
    for (const [team, queues] of this.#teams) {
      if (this.#shares.quotaOf(team) !== null) continue;
      if (!queues.some(hasMore)) {
        this.#teams.delete(team);
        continue;
      }
      const pull = this.#shares.pull(team);
      if (best === null || pull < best.pull || (pull === best.pull && team < best.team)) best = { pull, queues, team };
    }
    if (best === null) return null;
    return best.queues.filter(hasMore).reduce((least, queue) => (this.#before(queue, least) ? queue : least));
  }

  #before({ line: a }: Queue, { line: b }: Queue): boolean {
    const difference = this.#shares.pullOf(a) - this.#shares.pullOf(b);
    return difference < 0 || (difference === 0 && a.user < b.user);
  }
}

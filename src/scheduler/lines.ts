// Everybody's waiting runs, kept in order while runs come and go.
import { byId, type Line, type Request, type WaitingRun } from './state.js';

interface Kept {
  team: string;
  user: string;
  runs: WaitingRun[];
  byAge: WaitingRun[];
  wanted: Request[];
  /** How many runs ask for each that is wanted. */
  counts: Map<string, number>;
}

type Comparison = (a: WaitingRun, b: WaitingRun) => number;
const byPriority: Comparison = (a, b) => b.priority - a.priority || a.since - b.since || byId(a, b);
const byAge: Comparison = (a, b) => a.since - b.since || byPriority(a, b);

const keyOf = ({ kind, devices, memoryMiB, exclusive }: Request) => `${kind} ${devices} ${memoryMiB} ${exclusive}`;

const lineKeyOf = ({ team, user }: Pick<Line, 'team' | 'user'>) => JSON.stringify([team, user]);

export class Lines {
  readonly #lines = new Map<string, Kept>();
  #length = 0;

  /** A copy of what `all` gave. */
  static of(lines: readonly Line[]): Lines {
    const copy = new Lines();
    for (const { team, user, runs, byAge, wanted } of lines) {
      const kept: Kept = { team, user, runs: [...runs], byAge: [...byAge], wanted: [...wanted], counts: new Map() };
      for (const { request } of runs) {
        const key = keyOf(request);
        kept.counts.set(key, (kept.counts.get(key) ?? 0) + 1);
      }
      copy.#lines.set(lineKeyOf(kept), kept);
      copy.#length += runs.length;
    }
    return copy;
  }

  get length(): number {
    return this.#length;
  }

  add(run: WaitingRun): void {
    const line = this.#lineOf(run);
    line.runs.splice(placeOf(run, line.runs, byPriority), 0, run);
    line.byAge.splice(placeOf(run, line.byAge, byAge), 0, run);
    const key = keyOf(run.request);
    const count = line.counts.get(key) ?? 0;
    line.counts.set(key, count + 1);
    if (count === 0) line.wanted.push(run.request);
    this.#length += 1;
  }

  /** As it was added. False when it is not there. */
  remove(run: WaitingRun): boolean {
    const line = this.#lineOf(run);
    const place = placeOf(run, line.runs, byPriority);
    if (line.runs[place]?.id !== run.id) return false;
    line.runs.splice(place, 1);
    line.byAge.splice(placeOf(run, line.byAge, byAge), 1);
    const key = keyOf(run.request);
    const count = line.counts.get(key)!;
    if (count > 1) line.counts.set(key, count - 1);
    else {
      line.counts.delete(key);
      line.wanted = line.wanted.filter((request) => keyOf(request) !== key);
    }
    this.#length -= 1;
    return true;
  }

  /** Of those who have a run that waits. */
  all(): Line[] {
    return [...this.#lines.values()].filter(({ runs }) => runs.length > 0);
  }

  #lineOf({ team, user }: WaitingRun): Kept {
    const key = lineKeyOf({ team, user });
    const found = this.#lines.get(key);
    if (found !== undefined) return found;
    const line: Kept = { team, user, runs: [], byAge: [], wanted: [], counts: new Map() };
    this.#lines.set(key, line);
    return line;
  }
}

/** Where the run is, or would be. */
function placeOf(run: WaitingRun, runs: readonly WaitingRun[], compare: Comparison): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(runs[middle]!, run) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The least memory that anybody waits for: where not even so much is free, nothing starts. */
export function leastMemoryOf(lines: readonly Line[]): number {
  let least = Infinity;
  for (const { wanted } of lines) for (const { memoryMiB } of wanted) least = Math.min(least, memoryMiB);
  return least;
}

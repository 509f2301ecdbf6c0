// Everybody's waiting runs, kept in order while runs come and go.
import type { DeviceKind } from '../schemas/device-kind.js';
import { byId, type Line, type Request, type WaitingRun } from './state.js';

interface Kept {
  team: string;
  user: string;
  runs: WaitingRun[];
  byAge: WaitingRun[];
  /** Never changed, so that what is known of it stays true. */
  wanted: readonly Request[];
  /** How many runs ask for each that is wanted; null until somebody comes or goes. */
  counts: Map<string, number> | null;
}

type Comparison = (a: WaitingRun, b: WaitingRun) => number;
const byPriority: Comparison = (a, b) => b.priority - a.priority || a.place - b.place || byId(a, b);
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
      copy.#lines.set(lineKeyOf({ team, user }), { team, user, runs: [...runs], byAge: [...byAge], wanted, counts: null });
      copy.#length += runs.length;
    }
    return copy;
  }

  get length(): number {
    return this.#length;
  }

  add(run: WaitingRun): void {
    const line = this.#lineOf(run);
    const counts = countsOf(line);
    line.runs.splice(placeOf(run, line.runs, byPriority), 0, run);
    line.byAge.splice(placeOf(run, line.byAge, byAge), 0, run);
    const key = keyOf(run.request);
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    if (count === 0) line.wanted = [...line.wanted, run.request];
    this.#length += 1;
  }

  /** As it was added. False when it is not there. */
  remove(run: WaitingRun): boolean {
    const line = this.#lineOf(run);
    const place = placeOf(run, line.runs, byPriority);
    if (line.runs[place]?.id !== run.id) return false;
    const counts = countsOf(line);
    line.runs.splice(place, 1);
    line.byAge.splice(placeOf(run, line.byAge, byAge), 1);
    const key = keyOf(run.request);
    const count = counts.get(key)!;
    if (count > 1) counts.set(key, count - 1);
    else {
      counts.delete(key);
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

function countsOf(line: Kept): Map<string, number> {
  if (line.counts !== null) return line.counts;
  const counts = new Map<string, number>();
  for (const { request } of line.runs) {
    const key = keyOf(request);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  line.counts = counts;
  return counts;
}

/** By what else is asked for than memory: what fits nowhere with less of it does not with more. */
export const shapeOf = ({ kind, devices, exclusive }: Request): number => 4 * devices + (exclusive ? 2 : 0) + (kind === 'gpu' ? 1 : 0);

/** What matters of all that a line wants. */
export interface Needs {
  kinds: readonly DeviceKind[];
  leastMiB: number;
  /** Of each shape the one that wants the least memory. */
  least: readonly { shape: number; request: Request }[];
}

/** Each round asks again of many lines, of which a few have changed. */
const known = new WeakMap<readonly Request[], Needs>();

export function needsOf({ wanted }: Pick<Line, 'wanted'>): Needs {
  const before = known.get(wanted);
  if (before !== undefined) return before;
  const least = new Map<number, Request>();
  for (const request of wanted) {
    const shape = shapeOf(request);
    if (request.memoryMiB < (least.get(shape)?.memoryMiB ?? Infinity)) least.set(shape, request);
  }
  const requests = [...least.values()];
  const needs: Needs = {
    kinds: [...new Set(requests.map(({ kind }) => kind))],
    leastMiB: Math.min(...requests.map(({ memoryMiB }) => memoryMiB)),
    least: [...least].map(([shape, request]) => ({ shape, request })),
  };
  known.set(wanted, needs);
  return needs;
}

/** The least memory that anybody waits for: where not even so much is free, nothing starts. */
export function leastMemoryOf(lines: readonly Line[]): number {
  let least = Infinity;
  for (const line of lines) least = Math.min(least, needsOf(line).leastMiB);
  return least;
}

// Everybody's waiting runs, kept in order while runs come and go.
import type { Line, WaitingRun } from './state.js';

interface Kept {
  team: string;
  user: string;
  runs: WaitingRun[];
  oldest: WaitingRun | null;
}

const before = (a: WaitingRun, b: WaitingRun) => b.priority - a.priority || a.since - b.since || (a.id < b.id ? -1 : 1);

export class Lines {
  readonly #lines = new Map<string, Kept>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(run: WaitingRun): void {
    const line = this.#lineOf(run);
    line.runs.splice(placeOf(line.runs, run), 0, run);
    if (line.oldest !== null && run.since < line.oldest.since) line.oldest = run;
    this.#length += 1;
  }

  /** As it was added. False when it is not there. */
  remove(run: WaitingRun): boolean {
    const line = this.#lineOf(run);
    const place = placeOf(line.runs, run);
    if (line.runs[place]?.id !== run.id) return false;
    line.runs.splice(place, 1);
    if (line.oldest?.id === run.id) line.oldest = null;
    this.#length -= 1;
    return true;
  }

  /** Of those who have a run that waits. */
  all(): Line[] {
    const lines: Line[] = [];
    for (const line of this.#lines.values()) {
      const [first] = line.runs;
      if (first === undefined) continue;
      line.oldest ??= line.runs.reduce((oldest, run) => (run.since < oldest.since ? run : oldest), first);
      lines.push(line as Line);
    }
    return lines;
  }

  #lineOf({ team, user }: WaitingRun): Kept {
    const key = JSON.stringify([team, user]);
    const found = this.#lines.get(key);
    if (found !== undefined) return found;
    const line: Kept = { team, user, runs: [], oldest: null };
    this.#lines.set(key, line);
    return line;
  }
}

/** Where the run is, or would be. */
function placeOf(runs: readonly WaitingRun[], run: WaitingRun): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(runs[middle]!, run) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

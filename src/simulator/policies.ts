// What others do, to compare with: first in first out, strict priority, and fair shares as Slurm has them.
import { decide } from '../scheduler/decide.js';
import { leastMemoryOf } from '../scheduler/lines.js';
import { Order } from '../scheduler/order.js';
import { Room } from '../scheduler/room.js';
import { Shares } from '../scheduler/shares.js';
import { DEFAULT_SETTINGS, type Decision, type State, type WaitingRun } from '../scheduler/state.js';
import { Heap } from '../scheduler/heap.js';

export type Policy = (state: State) => readonly Decision[];

/** Runs that do not fit, after which nobody looks further. */
const DEPTH = 200;

const start = (run: WaitingRun, devices: readonly string[]): Decision => ({ type: 'start', runId: run.id, devices, aged: false, lentBy: null });

const byAge = (a: WaitingRun, b: WaitingRun) => a.since - b.since;

/** Runs of several lines in one order, as far as they are asked for; each line is in that order already. */
function* merged(lines: readonly (readonly WaitingRun[])[], compare: (a: WaitingRun, b: WaitingRun) => number): Generator<WaitingRun> {
  const firsts = new Heap<{ run: WaitingRun; line: number; next: number }>((a, b) => (compare(a.run, b.run) || a.line - b.line) < 0);
  for (const [line, [run]] of lines.entries()) if (run !== undefined) firsts.push({ run, line, next: 1 });
  for (let first = firsts.pop(); first !== undefined; first = firsts.pop()) {
    yield first.run;
    const run = lines[first.line]![first.next];
    if (run !== undefined) firsts.push({ run, line: first.line, next: first.next + 1 });
  }
}

/** In the order of submission; nobody passes one who does not fit. */
function firstInFirstOut({ devices, running, lines }: State): Decision[] {
  const room = new Room(devices, running);
  const decisions: Decision[] = [];
  for (const run of merged(lines.map(({ byAge }) => byAge), byAge)) {
    const placed = room.place(run.request);
    if (placed === null) break;
    room.take({ ...run, devices: placed });
    decisions.push(start(run, placed));
  }
  return decisions;
}

/** The highest priority first; whatever fits, starts. */
function strictPriority({ devices, running, lines }: State): Decision[] {
  const room = new Room(devices, running);
  const decisions: Decision[] = [];
  const leastMiB = leastMemoryOf(lines);
  let failures = 0;
  for (const run of merged(lines.map(({ runs }) => runs), (a, b) => b.priority - a.priority || byAge(a, b))) {
    if (room.isFullFor(leastMiB) || failures > DEPTH) break;
    const placed = room.place(run.request);
    if (placed === null) {
      failures += 1;
      continue;
    }
    room.take({ ...run, devices: placed });
    decisions.push(start(run, placed));
  }
  return decisions;
}

/**
 * As Slurm's Fair Tree with its backfill: the team that has used the least of its share, then its user; a run that does
 * not fit is kept a place for, and others start meanwhile if they are expected to be over by then. Nobody makes room.
 */
function fairTree(state: State): Decision[] {
  const { devices, running, now } = state;
  const shares = new Shares(state, { quantumMs: 0, price: DEFAULT_SETTINGS.price, isPossible: () => true });
  const room = new Room(devices, running);
  const spare = room.copy();
  const leastMiB = leastMemoryOf(state.lines);
  const order = new Order(state, { shares, agingMs: Infinity, isPossible: () => true });
  const decisions: Decision[] = [];
  let keptAt: number | null = null;
  let failures = 0;
  for (let next = order.next(); next !== null && failures < DEPTH && !room.isFullFor(leastMiB); next = order.next()) {
    const { run } = next;
    const isShort = keptAt !== null && now + run.expectedMs <= keptAt;
    const free = spare.place(run.request) ?? (isShort ? room.place(run.request) : null);
    if (free !== null) {
      for (const one of [room, spare]) one.take({ ...run, devices: free });
      shares.take({ ...run, devices: free });
      decisions.push(start(run, free));
      order.started();
    } else if (keptAt === null) {
      const left = room.copy();
      for (const one of [...running].sort((a, b) => a.expectedEnd - b.expectedEnd)) {
        left.release(one);
        const kept = left.place(run.request);
        if (kept === null) continue;
        keptAt = Math.max(now, one.expectedEnd);
        spare.take({ ...run, devices: kept });
        break;
      }
      failures += 1;
    } else failures += 1;
  }
  return decisions;
}

export const POLICIES: Record<string, Policy> = {
  trainyard: (state) => decide(state, DEFAULT_SETTINGS),
  'first in, first out': firstInFirstOut,
  'strict priority': strictPriority,
  'fair tree': fairTree,
};

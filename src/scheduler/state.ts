// What the scheduler decides upon, and what it answers. Plain data: no clock, no database. Times are milliseconds
// since the epoch, memory is in MiB.

export type DeviceKind = 'gpu' | 'cpu';

export interface Device {
  id: string;
  /** Runs on several devices have them all in one box. */
  box: string;
  kind: DeviceKind;
  /** What our runs may fill: without a margin, and without what processes that are not ours hold. */
  memoryMiB: number;
  /** Runs that it takes at once, at most. */
  slots: number;
  /** Only an open one takes new runs; one that is drained is left by those that it has. */
  phase: 'open' | 'cordoned' | 'draining';
}

export interface Request {
  kind: DeviceKind;
  /** How many devices, each with `memoryMiB` of its memory. */
  devices: number;
  memoryMiB: number;
  /** Nobody else on its devices. */
  exclusive: boolean;
}

interface Member {
  id: string;
  team: string;
  user: string;
  /** Higher first, among the runs of one user. */
  priority: number;
  request: Request;
}

export interface WaitingRun extends Member {
  /** Since it was submitted, or had to make room. */
  since: number;
  /** How long it takes from here, as far as anybody knows. */
  expectedMs: number;
}

export interface RunningRun extends Member {
  /** Ids of its devices. */
  devices: readonly string[];
  startedAt: number;
  /** When it is over, as far as anybody knows. */
  expectedEnd: number;
  /** When its time is up; null where it has as much as it needs. */
  endsBy: number | null;
  /** Was told to make room, or to end. */
  leaving: boolean;
  /** On devices that are kept for another: it makes room as soon as that one could start. */
  onLoan: boolean;
}

export interface User {
  id: string;
  /** Decayed device-milliseconds. */
  usage: number;
  /** When one of its runs was started last; null before the first. */
  lastStart: number | null;
}

export interface Team {
  id: string;
  /** Its share of the box is its weight among those of the teams that want something. */
  weight: number;
  /** Decayed device-milliseconds. */
  usage: number;
  users: readonly User[];
  /** Runs at once, at most. */
  maxRuns: number | null;
  /** Device-milliseconds that are left to it today. */
  budget: number | null;
}

/** The runs of one user that wait, at least one. */
export interface Line {
  team: string;
  user: string;
  /** By priority, then by age. */
  runs: readonly WaitingRun[];
  /** The one that has waited the longest. */
  oldest: WaitingRun;
}

export interface State {
  now: number;
  devices: readonly Device[];
  teams: readonly Team[];
  running: readonly RunningRun[];
  lines: readonly Line[];
}

export interface Settings {
  /** A run that holds more than its team's share makes room after so long, when a team below its share waits. */
  quantumMs: number;
  /** Who has started nothing for so long is served next, whatever was used before. */
  agingMs: number;
  /** For such a one, a run makes room that has run for so long. */
  turnMs: number;
  /** Devices that are kept for a run are lent to another when they are not needed for at least so long. */
  loanMs: number;
}

export const DEFAULT_SETTINGS: Settings = { quantumMs: 10 * 60_000, agingMs: 12 * 3600_000, turnMs: 6 * 3600_000, loanMs: 2 * 60_000 };

export type Decision =
  | { type: 'start'; runId: string; devices: readonly string[]; onLoan: boolean }
  /** A pause at a checkpoint, then back in line. */
  | { type: 'preempt'; runId: string; why: 'share' | 'turn' | 'loan'; for: string }
  | { type: 'preempt'; runId: string; why: 'drain'; for: null }
  | { type: 'stop'; runId: string; why: 'timeout' };

/** What decides between equals, so that the order in which things are listed does not. */
export const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : Number(a.id > b.id));

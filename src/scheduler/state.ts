// What the scheduler decides upon, and what it answers. Plain data: no clock, no database. Times are milliseconds
// since the epoch, memory is in MiB.

import type { DeviceKind } from '../schemas/device-kind.js';

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
  /** How long it takes is a guess from its spec: nothing like it was measured. */
  guessed: boolean;
}

export interface WaitingRun extends Member {
  /** Since it was submitted, or had to make room. */
  since: number;
  /** What its place among its user's runs of the same priority goes by: `since`, unless it was moved. */
  place: number;
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
  /** Was started because its user had waited too long. */
  aged: boolean;
  /** The run for which its devices are kept, and for which it makes room as soon as that one could start. */
  lentBy: string | null;
}

export interface User {
  id: string;
  /** Decayed device-milliseconds. */
  usage: number;
  /** When a run was last started because this user had waited too long; null before the first. */
  lastTurn: number | null;
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
  /** Device-milliseconds that it gets at midnight (UTC); when they are spent its runs make room until tomorrow. Null where it may use what it likes. */
  budgetPerDay: number | null;
  /** Device-milliseconds since midnight. */
  spentToday: number;
  /** Its stored files and what they may take; while they take that much it starts nothing, as what trains writes more. */
  storage: Storage | null;
}

export interface Storage {
  bytes: number;
  limitBytes: number;
}

type Budget = Pick<Team, 'budgetPerDay' | 'spentToday'>;

/** Device-milliseconds that are left to a team today, below 0 where it has used more; null where it may use what it likes. */
export const budgetLeft = ({ budgetPerDay, spentToday }: Budget): number | null => (budgetPerDay === null ? null : budgetPerDay - spentToday);

export const isSpent = ({ budgetPerDay, spentToday }: Budget): boolean => budgetPerDay !== null && spentToday >= budgetPerDay;

export const isFull = ({ storage }: Pick<Team, 'storage'>): boolean => storage !== null && storage.bytes >= storage.limitBytes;

/** The runs of one user that wait, at least one. */
export interface Line {
  team: string;
  user: string;
  /** By priority, then by age. */
  runs: readonly WaitingRun[];
  /** The same, those first that have waited the longest. */
  byAge: readonly WaitingRun[];
  /** What they ask for, each request once: a few, where the runs are thousands. Another list when it changes. */
  wanted: readonly Request[];
}

export interface State {
  now: number;
  devices: readonly Device[];
  teams: readonly Team[];
  running: readonly RunningRun[];
  lines: readonly Line[];
  /** Those that wait and for whom others were told to make room: they are served first, or the room would go to others. */
  promised: readonly WaitingRun[];
}

export interface Settings {
  /** A run that holds more than its team's share makes room after so long, when a team below its share waits. */
  quantumMs: number;
  /** The longest-waiting run of each user is served next after so long, whatever was used before; one in so long. */
  agingMs: number;
  /** For such a run, others make room that have run for so long; and so long it is left in peace itself. */
  turnMs: number;
  /** Devices that are kept for a run are lent to another when they are not needed for at least so long. */
  loanMs: number;
  /** After so long, usage counts half. */
  halfLifeMs: number;
  /** From being told to make room until the devices are free, as forecasts have it. */
  leaveMs: number;
  /** What a device of this kind counts in shares and usage. */
  price: Readonly<Record<DeviceKind, number>>;
}

export const DEFAULT_SETTINGS: Settings = { quantumMs: 10 * 60_000, agingMs: 12 * 3600_000, turnMs: 6 * 3600_000, loanMs: 2 * 60_000, halfLifeMs: 24 * 3600_000, leaveMs: 3_000, price: { gpu: 1, cpu: 0.1 } };

export type Decision =
  | { type: 'start'; runId: string; devices: readonly string[]; aged: boolean; lentBy: string | null }
  /** A pause at a checkpoint, then back in line. */
  | { type: 'preempt'; runId: string; why: 'share' | 'turn' | 'loan'; for: string }
  | { type: 'preempt'; runId: string; why: 'drain' | 'budget'; for: null }
  | { type: 'stop'; runId: string; why: 'timeout' };

/** What decides between equals, so that the order in which things are listed does not. */
export const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : Number(a.id > b.id));

// From rows of the database to the state that the scheduler decides upon. Pure.
import type { RunningRun, Settings, Storage, Team, User, WaitingRun } from '../scheduler/state.js';
import { kindOfDevice, type DeviceKind } from '../schemas/device-kind.js';
import { expectedMsOf, kindFor, requestOf, type Measured } from './demand.js';
import { deviceKey } from './devices.js';
import type { TeamUsage } from '../ledger/usage.js';
import { measureKey, turnKey, type PlacedRow, type TeamRow, type WaitingRow } from './placements.js';
import type { Scene } from './scene.js';

export interface Usage {
  /** Decayed device-milliseconds, by team. */
  decayed: ReadonlyMap<string, TeamUsage>;
  /** Device-milliseconds since midnight in UTC, by team. */
  today: ReadonlyMap<string, number>;
  /** By `turnKey`: see `User.lastTurn`. */
  turns: ReadonlyMap<string, number>;
  /** Of the teams that have a quota of storage, and wait for something. */
  storage: ReadonlyMap<string, Storage>;
}

export interface Context extends Pick<Scene, 'largest'>, Partial<Pick<Scene, 'seen'>> {
  now: number;
  measured: ReadonlyMap<string, Measured>;
}

const kindOf = (deviceIds: readonly string[]): DeviceKind | null => (deviceIds[0] === undefined ? null : kindOfDevice(deviceIds[0]));

/** What counts of a run that waits, whether or not it is in the database. */
export type InLine = Omit<WaitingRow, 'version' | 'promisedAt'>;

export function waitingRun(row: InLine, { largest, measured }: Context): WaitingRun {
  const before = row.attempt > 0 ? kindOf(row.deviceIds) : null;
  const kind = kindFor(row.demand, largest, { before, measured: measured.get(measureKey(row.shape, 'gpu')) });
  const known = measured.get(measureKey(row.shape, kind));
  return {
    id: row.id, team: row.teamId, user: row.userId, priority: row.priority, request: requestOf(row.demand, kind, known, largest[kind] ?? undefined),
    since: row.queuedAt.getTime(), place: (row.linedUpAt ?? row.queuedAt).getTime(), expectedMs: expectedMsOf(row.demand, kind, row, known), guessed: isGuess(known),
  };
}

export function runningRun(row: PlacedRow, { now, measured, seen }: Context): RunningRun {
  const kind = kindOf(row.deviceIds) ?? 'cpu';
  const known = measured.get(measureKey(row.shape, kind));
  const heldSince = (row.startedAt !== null && row.state !== 'queued' ? row.startedAt : row.placedAt).getTime();
  const { maxRuntimeSeconds, exclusive } = row.demand;
  return {
    id: row.id, team: row.teamId, user: row.userId, priority: row.priority,
    request: { kind, devices: row.deviceIds.length, memoryMiB: Math.max(row.memoryMiB, seen?.get(row.id) ?? 0), exclusive },
    devices: row.deviceIds.map((id) => deviceKey(row.box, id)),
    // Its time in peace begins with its first step: else a slow start would be all that it gets.
    startedAt: row.state === 'running' && row.runningAt !== null ? row.runningAt.getTime() : now,
    expectedEnd: expectedEndOf(row, kind, { now, startedAt: heldSince, known }),
    guessed: speedOf(row) === null && isGuess(known),
    // One that has not begun uses none of its time.
    endsBy: maxRuntimeSeconds === null || row.state === 'queued' ? null : heldSince + 1000 * maxRuntimeSeconds - row.usedBeforeMs,
    // Who is on its way out needs no telling, whoever has told it.
    leaving: row.leaving !== null || row.state === 'pausing' || row.state === 'cancelling' || row.state === 'finalizing',
    aged: row.aged,
    lentBy: row.lentBy,
  };
}

const isGuess = (known: Measured | undefined) => (known?.examplesPerSecond ?? null) === null;

/** Examples a second that it has shown in this attempt. */
const speedOf = ({ state, examplesPerSecond }: PlacedRow) => (state === 'running' && examplesPerSecond !== null && examplesPerSecond > 0 ? examplesPerSecond : null);

function expectedEndOf(row: PlacedRow, kind: DeviceKind, { now, startedAt, known }: { now: number; startedAt: number; known: Measured | undefined }): number {
  const { demand, step, totalSteps } = row;
  const speed = speedOf(row);
  if (speed !== null) return now + (1000 * (totalSteps - step) * demand.stepExamples) / speed;
  return startedAt + expectedMsOf(demand, kind, row, known);
}

/** Everybody who may want something: members of teams count from their first run on. */
export function teamsOf(rows: readonly TeamRow[], members: Iterable<{ team: string; user: string }>, { decayed, today, turns, storage }: Usage, price: Settings['price']): Team[] {
  const byTeam = new Map(rows.map(({ id }) => [id, new Map<string, User>()]));
  const add = (team: string, user: string) => {
    byTeam.get(team)?.set(user, { id: user, usage: decayed.get(team)?.users.get(user) ?? 0, lastTurn: turns.get(turnKey(team, user)) ?? null });
  };
  for (const { team, user } of members) add(team, user);
  for (const [team, { users }] of decayed) for (const user of users.keys()) add(team, user);
  return rows.map(({ id, weight, maxRuns, gpuSecondsPerDay }): Team => ({
    id, weight, maxRuns,
    users: [...byTeam.get(id)!.values()],
    usage: decayed.get(id)?.usage ?? 0,
    budgetPerDay: gpuSecondsPerDay === null ? null : gpuSecondsPerDay * 1000 * price.gpu,
    spentToday: today.get(id) ?? 0,
    storage: storage.get(id) ?? null,
  }));
}

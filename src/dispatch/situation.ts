// From rows of the database to the state that the scheduler decides upon. Pure.
import type { Device, DeviceKind, RunningRun, Settings, Team, User, WaitingRun } from '../scheduler/state.js';
import { expectedMsOf, kindFor, requestOf, type Measured } from './demand.js';
import { deviceKey } from './devices.js';
import type { TeamUsage } from '../ledger/usage.js';
import { measureKey, turnKey, type PlacedRow, type TeamRow, type WaitingRow } from './placements.js';

export interface Usage {
  /** Decayed device-milliseconds, by team. */
  decayed: ReadonlyMap<string, TeamUsage>;
  /** Device-milliseconds since midnight in UTC, by team. */
  today: ReadonlyMap<string, number>;
  /** By `turnKey`: see `User.lastTurn`. */
  turns: ReadonlyMap<string, number>;
}

export interface Context {
  now: number;
  /** Whether any box has one, open or not: what may run anywhere waits for it. */
  hasGpu: boolean;
  measured: ReadonlyMap<string, Measured>;
}

export function waitingRun(row: WaitingRow, { hasGpu, measured }: Context): WaitingRun {
  const kind = kindFor(row.demand, hasGpu);
  const known = measured.get(measureKey(row.shape, kind));
  return {
    id: row.id, team: row.teamId, user: row.userId, priority: row.priority, request: requestOf(row.demand, kind, known),
    since: row.queuedAt.getTime(), expectedMs: expectedMsOf(row.demand, kind, row, known),
  };
}

export function runningRun(row: PlacedRow, { now, measured }: Context): RunningRun {
  const kind: DeviceKind = row.deviceIds[0]?.startsWith('gpu') === true ? 'gpu' : 'cpu';
  const known = measured.get(measureKey(row.shape, kind));
  const startedAt = (row.startedAt !== null && row.state !== 'queued' ? row.startedAt : row.placedAt).getTime();
  const { maxRuntimeSeconds, exclusive } = row.demand;
  return {
    id: row.id, team: row.teamId, user: row.userId, priority: row.priority,
    request: { kind, devices: row.deviceIds.length, memoryMiB: row.memoryMiB, exclusive },
    devices: row.deviceIds.map((id) => deviceKey(row.box, id)),
    startedAt,
    expectedEnd: expectedEndOf(row, kind, { now, startedAt, known }),
    endsBy: maxRuntimeSeconds === null ? null : startedAt + 1000 * maxRuntimeSeconds - row.usedBeforeMs,
    // Who is on its way out needs no telling, whoever has told it.
    leaving: row.leaving !== null || row.state === 'pausing' || row.state === 'cancelling' || row.state === 'finalizing',
    aged: row.aged,
    lentBy: row.lentBy,
  };
}

function expectedEndOf(row: PlacedRow, kind: DeviceKind, { now, startedAt, known }: { now: number; startedAt: number; known: Measured | undefined }): number {
  const { examplesPerSecond, demand, step, totalSteps } = row;
  if (row.state === 'running' && examplesPerSecond !== null && examplesPerSecond > 0) return now + (1000 * (totalSteps - step) * demand.stepExamples) / examplesPerSecond;
  return startedAt + expectedMsOf(demand, kind, row, known);
}

/** Everybody who may want something: members of teams count from their first run on. */
export function teamsOf(rows: readonly TeamRow[], members: Iterable<{ team: string; user: string }>, { decayed, today, turns }: Usage, price: Settings['price']): Team[] {
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
    budget: gpuSecondsPerDay === null ? null : gpuSecondsPerDay * 1000 * price.gpu - (today.get(id) ?? 0),
  }));
}

export const hasGpuAmong = (devices: readonly Device[]) => devices.some(({ kind }) => kind === 'gpu');

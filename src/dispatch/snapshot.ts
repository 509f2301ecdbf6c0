// How things stand for the scheduler, read at once: for those who want to know, and not to decide.
import { setImmediate } from 'node:timers/promises';
import type { BoxRepository } from '../devices/box-repository.js';
import type { WorkerRepository } from '../devices/worker-repository.js';
import { Lines } from '../scheduler/lines.js';
import type { Settings, State, WaitingRun } from '../scheduler/state.js';
import type { Measured } from './demand.js';
import { schedulableDevices } from './devices.js';
import type { Placements, WaitingRow } from './placements.js';
import { largestOf, runningRun, seenMemory, teamsOf, waitingRun, type Context, type Usage } from './situation.js';

export interface SnapshotSources {
  placements: Pick<Placements, 'waiting' | 'placed' | 'teams' | 'measured'>;
  workers: Pick<WorkerRepository, 'listAlive'>;
  boxes: Pick<BoxRepository, 'phases'>;
  usageOf(now: number, settings: Settings): Promise<Usage>;
  /** A supervisor that was not heard of for so long is gone. */
  leaseMs: number;
  scheduling: Settings;
}

export interface Snapshot {
  state: State;
  rows: ReadonlyMap<string, WaitingRow>;
  context: Context;
}

/** Thousands that wait are put together in parts, between which others get their turn. */
const AT_ONCE = 500;
/** A box that was heard of so lately is expected back. */
export const KNOWN_MS = 10 * 60_000;

/** @param now by the database's clock, by which heartbeats are */
export async function readSnapshot({ placements, workers, boxes, usageOf, leaseMs, scheduling }: SnapshotSources, now: number): Promise<Snapshot> {
  const [rows, placed, teams, all, phases, usage] = await Promise.all([
    placements.waiting(), placements.placed(), placements.teams(), workers.listAlive(KNOWN_MS), boxes.phases(), usageOf(now, scheduling),
  ]);
  const alive = all.filter(({ heartbeatAt }) => heartbeatAt.getTime() > now - leaseMs);
  const devices = schedulableDevices(alive, phases);
  const known = schedulableDevices(all, phases, { whenEmpty: true });
  const shapes = [...rows, ...placed].flatMap(({ shape }) => shape ?? []);
  const measured: ReadonlyMap<string, Measured> = await placements.measured([...new Set(shapes)]);
  const context: Context = { now, largest: largestOf(known), measured, seen: seenMemory(alive) };
  const lines = new Lines();
  const promised: WaitingRun[] = [];
  for (const [index, row] of rows.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await setImmediate();
    const run = waitingRun(row, context);
    lines.add(run);
    if (row.promisedAt !== null) promised.push(run);
  }
  const running = placed.map((row) => runningRun(row, context));
  const inLine = lines.all();
  return {
    state: { now, devices, running, lines: inLine, promised, teams: teamsOf(teams, [...inLine, ...running], usage, scheduling.price) },
    rows: new Map(rows.map((row) => [row.id, row])),
    context,
  };
}

// How things stand for the scheduler, read at once: for those who want to know, and not to decide.
import { setImmediate } from 'node:timers/promises';
import { Lines } from '../scheduler/lines.js';
import type { Settings, State, WaitingRun } from '../scheduler/state.js';
import type { Measured } from './demand.js';
import type { Placements, WaitingRow } from './placements.js';
import { readScene, type SceneSources } from './scene.js';
import { runningRun, teamsOf, waitingRun, type Context, type Usage } from './situation.js';

export interface SnapshotSources extends SceneSources {
  placements: Pick<Placements, 'waiting' | 'placed' | 'teams' | 'measured'>;
  usageOf(now: number, settings: Settings): Promise<Usage>;
  scheduling: Settings;
}

export interface Snapshot {
  state: State;
  rows: ReadonlyMap<string, WaitingRow>;
  context: Context;
}

/** Thousands that wait are put together in parts, between which others get their turn. */
const AT_ONCE = 500;

/** @param now by the database's clock @param waiting who waits, where that is known */
export async function readSnapshot(sources: SnapshotSources, now: number, waiting?: readonly WaitingRow[]): Promise<Snapshot> {
  const { placements, usageOf, scheduling } = sources;
  const [rows, placed, teams, { devices, largest, seen }, usage] = await Promise.all([waiting ?? placements.waiting(), placements.placed(), placements.teams(), readScene(sources, now), usageOf(now, scheduling)]);
  const shapes = [...rows, ...placed].flatMap(({ shape }) => shape ?? []);
  const measured: ReadonlyMap<string, Measured> = await placements.measured([...new Set(shapes)]);
  const context: Context = { now, largest, measured, seen };
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

// What clients hear of the queue: of their own runs alone, though all are looked at.
import { ServiceError } from '../errors.js';
import { Kept } from '../kept.js';
import type { Plan } from '../schemas/plan.js';
import type { Queue, QueueEntry, QueueOutlook, StartChange } from '../schemas/queue.js';
import type { Run } from '../schemas/run.js';
import type { RunSpec } from '../schemas/spec.js';
import { Lines } from '../scheduler/lines.js';
import { budgetLeft, type Line, type State, type WaitingRun } from '../scheduler/state.js';
import type { WhatIf } from '../scheduler/what-if.js';
import { demandOf, shapeOf } from './demand.js';
import { calibrated, type Calibration } from './calibration.js';
import { WEEK_MS, type Estimates } from './estimates.js';
import type { OutlookQuestion, Standing } from './outlook.js';
import type { Outlooker } from './outlooker.js';
import type { WaitingRow } from './placements.js';
import { waitingRun, type Context, type InLine } from './situation.js';
import { readSnapshot, type Snapshot, type SnapshotSources } from './snapshot.js';

export interface QueueServiceOptions extends SnapshotSources {
  estimates: Pick<Estimates, 'accuracy' | 'calibration'>;
  outlooker: Outlooker;
  findPlan(runId: string): Promise<Plan | null>;
  now?: () => number;
}

export interface QueueService {
  /** The team's runs that wait, the next first. */
  list(teamId: string, limit: number): Promise<Queue>;
  /** @throws ServiceError run_not_queued */
  get(run: Pick<Run, 'id' | 'state'>): Promise<QueueOutlook>;
  /** Runs have changed places. */
  forget(): void;
  /** As if it were submitted now. */
  plan(owner: { teamId: string; userId?: string | undefined }, spec: RunSpec, plan: Plan): Promise<QueueOutlook>;
}

/** What was found out so long ago still goes: with thousands in line it takes a second. */
const FRESH_MS = 1_000;
const CALIBRATION_FRESH_MS = 10_000;
const MIB = 1024 * 1024;
/** Of a run that nobody has submitted yet; after all others of its age. */
const PLANNED = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

type One = NonNullable<OutlookQuestion['one']>;

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());

const toStanding = ({ position, positionInTeam, reason, likely, earliest, latest }: Standing) => ({
  position, positionInTeam,
  reason: reason as QueueEntry['reason'],
  estimatedStart: { likely: iso(likely), earliest: iso(earliest), latest: iso(latest) },
});

function toChange({ change: { type, ...facts }, words }: WhatIf): StartChange {
  const { memoryMiB, batchSize, devices, priority, at } = facts as Partial<Record<'memoryMiB' | 'batchSize' | 'devices' | 'priority' | 'at', number>>;
  const known = { memoryMiB, batchSize, devices, priority, at: at === undefined ? undefined : iso(at)! };
  return { type, message: words, ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) };
}

export function createQueueService(options: QueueServiceOptions): QueueService {
  const { outlooker, estimates, scheduling, now = Date.now } = options;
  const calibrations = new Kept<Calibration>(CALIBRATION_FRESH_MS, now);
  const snapshots = new Kept<Snapshot>(FRESH_MS, now);
  const standings = new Kept<{ snapshot: Snapshot; found: Standing[] }>(FRESH_MS, now);

  const calibrationNow = () => calibrations.get(() => estimates.calibration(new Date(now() - WEEK_MS)));
  const snapshotNow = () => snapshots.get(() => readSnapshot(options, now()));
  const standingsNow = () => standings.get(async () => {
    const snapshot = await snapshotNow();
    const [answer, calibration] = await Promise.all([outlooker.ask({ state: snapshot.state, settings: scheduling }), calibrationNow()]);
    return { snapshot, found: answer.standings.map((standing) => calibrated(standing, calibration, snapshot.state.now)) };
  });

  function forget() {
    snapshots.forget();
    standings.forget();
  }

  /** The run as it waits; it may have come since others looked. @throws ServiceError run_not_queued */
  async function waitingRow(id: string): Promise<{ snapshot: Snapshot; row: WaitingRow }> {
    const look = async () => {
      const snapshot = await snapshotNow();
      const row = snapshot.rows.get(id);
      return row === undefined ? null : { snapshot, row };
    };
    const known = await look();
    if (known !== null) return known;
    snapshots.forget();
    const found = await look();
    if (found === null) throw new ServiceError('run_not_queued', `Run ${id} has just been given a place.`);
    return found;
  }

  async function ask(state: State, one: One): Promise<QueueOutlook> {
    const [{ standings: [standing], changes }, calibration] = await Promise.all([outlooker.ask({ state, settings: scheduling, one }), calibrationNow()]);
    if (standing === undefined) throw new ServiceError('run_not_queued', 'It has just been given a place.');
    return { ...toStanding(calibrated(standing, calibration, state.now)), wouldStart: changes.map(toChange) };
  }

  /** What of it might be smaller, or elsewhere. */
  function choices(row: InLine, context: Context, plan: Plan | null): One {
    const { id, demand } = row;
    const isAsked = demand.memoryMiB !== null;
    return {
      runId: id,
      // Who names its memory gets it, whatever the batch.
      batch: plan === null || isAsked ? null : { size: demand.stepExamples, exampleMiB: plan.memory.activationsBytes / demand.stepExamples / MIB },
      cpuMiB: demand.device === 'auto' ? waitingRun({ ...row, demand: { ...demand, device: 'cpu' } }, context).request.memoryMiB : null,
    };
  }

  return {
    async list(teamId, limit) {
      const { snapshot: { state, rows }, found } = await standingsNow();
      const own = found.filter(({ runId }) => rows.get(runId)?.teamId === teamId).sort((a, b) => a.position - b.position);
      const items = own.slice(0, limit).map((standing): QueueEntry => ({ runId: standing.runId, ...toStanding(standing), queuedAt: rows.get(standing.runId)!.queuedAt.toISOString() }));
      return { team: standingOf(teamId, state, scheduling.price.gpu), items, waiting: rows.size, running: state.running.length, asOf: iso(state.now)!, accuracy: await estimates.accuracy(new Date(now() - WEEK_MS)) };
    },

    forget,

    async get({ id, state }) {
      if (state !== 'queued') throw new ServiceError('run_not_queued', `Run ${id} is ${state}.`);
      const { snapshot, row } = await waitingRow(id);
      return ask(snapshot.state, choices(row, snapshot.context, await options.findPlan(id)));
    },

    async plan({ teamId, userId = '' }, spec, plan) {
      const { state, context } = await snapshotNow();
      const shape = shapeOf(spec);
      const row: InLine = {
        id: PLANNED, attempt: 0, teamId, userId, priority: spec.priority ?? 0, queuedAt: new Date(state.now), linedUpAt: null,
        demand: demandOf(spec, plan), shape, step: 0, totalSteps: plan.totalSteps, deviceIds: [],
      };
      const known = { ...context, measured: await options.placements.measured([shape]) };
      return ask(withRun(state, waitingRun(row, known)), choices(row, known, plan));
    },
  };
}

/** @param gpuPrice what a GPU's second counts */
function standingOf(teamId: string, { teams, lines, running }: State, gpuPrice: number): Queue['team'] {
  const own = teams.find(({ id }) => id === teamId);
  if (own === undefined) return { share: 0, used: 0, leftTodaySeconds: null }; // made a moment ago
  const active = new Set([teamId, ...lines.map(({ team }) => team), ...running.map(({ team }) => team)]);
  const weights = teams.reduce((sum, { id, weight }) => sum + (active.has(id) ? weight : 0), 0);
  const used = teams.reduce((sum, { usage }) => sum + usage, 0);
  const left = budgetLeft(own);
  return {
    share: own.weight / weights,
    used: used === 0 ? 0 : own.usage / used,
    leftTodaySeconds: left === null ? null : Math.max(0, left) / 1000 / gpuPrice,
  };
}

function withRun(state: State, run: WaitingRun): State {
  const isOwn = ({ team, user }: Pick<Line, 'team' | 'user'>) => team === run.team && user === run.user;
  const lines = Lines.of(state.lines.filter(isOwn));
  lines.add(run);
  const teams = state.teams.map((team) => (team.id !== run.team || team.users.some(({ id }) => id === run.user) ? team : { ...team, users: [...team.users, { id: run.user, usage: 0, lastTurn: null }] }));
  return { ...state, teams, lines: [...state.lines.filter((line) => !isOwn(line)), ...lines.all()] };
}

// Runs in the database. Every change of state is a compare-and-set against the table of legal
// transitions, and writes its transition and its event in the same transaction.
import { START_STATE } from '../artifacts/artifact-repository.js';
import { Prisma, type Database, type DatabaseSession } from '../db/client.js';
import { insertEvents, type Fence } from '../live/event-log.js';
import type { RunEvent } from '../schemas/event.js';
import type { Plan } from '../schemas/plan.js';
import type { MetricValue, Run, RunReason, RunState } from '../schemas/run.js';
import type { RunSpec } from '../schemas/spec.js';
import { rewindCurves } from './metric-chunks.js';
import { toMetricValues } from './metric-values.js';
import { toRun, type RunRow } from './run-row.js';
import { HELD_STATES, hasEnded, isHeld, statesBefore } from './states.js';
import { storable, storableText } from './storable-text.js';

export interface NewRun {
  teamId: string;
  name: string;
  recipe: string | null;
  spec: RunSpec;
  plan: Plan;
  hyperparameters: readonly { key: string; value: string | number | boolean }[];
  idempotency?: { key: string; fingerprint: string };
  /** Takes over a training state of another run: its file, as `START_STATE`. */
  fork?: { runId: string; step: number; path: string };
}

/** Thrown when the training state to start from was deleted meanwhile. */
export class ForkGoneError extends Error {
  override readonly name = 'ForkGoneError';
}

/** Where an earlier attempt was. */
export interface ResumePoint {
  step: number;
  /** Epochs that were whole. */
  epoch: number;
  metrics: Record<string, MetricValue>;
}

/** More epochs than were asked for at first. */
export interface Extension {
  spec: RunSpec;
  plan: Plan;
  /** Epochs that were done before. */
  after: number;
}

export interface StateChange {
  to: RunState;
  reason?: RunReason | null;
  message?: string | null;
  /** Only from these, if legal at all. */
  from?: readonly RunState[];
  /** Only when this attempt holds the run. */
  attempt?: number;
  /** Only when its lease ran out before this. */
  expiredBefore?: Date;
  /** Counts as a retry, and only when there were fewer before. */
  retriesBelow?: number;
  /** With `starting`: what it goes on from; from the start when absent. */
  resume?: ResumePoint | undefined;
  /** The run becomes longer. */
  extension?: Extension;
  set?: { attempt?: number; retries?: number; leaseOwner?: string | null; leaseExpiresAt?: Date | null; bestEpoch?: number | null; metrics?: Record<string, number> };
}

export interface Changed {
  run: Run;
  events: RunEvent[];
}

export interface RunFilter {
  states?: readonly RunState[];
  tag?: string;
  recipe?: string;
  name?: string;
  dataset?: string;
}

export interface RunRepository {
  /** @throws ForkGoneError, and an error that `isUniqueViolation` knows for an idempotency key that is taken */
  create(run: NewRun): Promise<Changed>;
  findIdempotent(teamId: string, key: string): Promise<{ runId: string; fingerprint: string } | null>;
  find(teamId: string, id: string): Promise<Run | null>;
  findPlan(teamId: string, id: string): Promise<Plan | null>;
  /** In order of creation; `after` is the id of the last run seen. */
  list(teamId: string, query: { filter: RunFilter; order: 'newest' | 'oldest'; after?: string; limit: number }): Promise<Run[]>;
  /** Null when the run is not in a state, or attempt, that allows it. */
  change(id: string, change: StateChange): Promise<Changed | null>;
  setDevice(fence: Fence, device: { engine: string; backend: string; device: string }): Promise<void>;
  /** Removes an ended run with all that belongs to it; false when it is not there or has not ended. */
  delete(teamId: string, id: string): Promise<boolean>;
  /** Extends leases; answers the state of each run that this owner still holds. */
  renewLeases(owner: string, ids: readonly string[], until: Date): Promise<Map<string, RunState>>;
  findExpired(now: Date): Promise<{ id: string; attempt: number; state: RunState; priority: number }[]>;
  findQueued(limit: number): Promise<{ id: string; attempt: number; priority: number }[]>;
}

/** The lock keeps a deletion from freeing the bytes before they are known to be of use here too. */
async function takeOver(session: DatabaseSession, id: string, { runId, path }: NonNullable<NewRun['fork']>): Promise<void> {
  const count = await session.$executeRaw`
    WITH source AS (SELECT sha256, bytes, content_type FROM artifacts WHERE run_id = ${runId}::uuid AND path = ${path} FOR KEY SHARE)
    INSERT INTO artifacts (run_id, path, sha256, bytes, content_type) SELECT ${id}::uuid, ${START_STATE}, sha256, bytes, content_type FROM source`;
  if (count === 0) throw new ForkGoneError(`run ${runId} has no ${path}`);
}

const json = (value: RunSpec | Plan) => value as unknown as Prisma.InputJsonObject;

const extendedColumns = ({ spec, plan, after }: Extension) => ({ spec: json(spec), plan: json(plan), epochs: spec.fit.epochs, totalSteps: plan.totalSteps, extendedAfter: after });

/** For Prisma's `contains`, which passes LIKE's wildcards on. */
const literal = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&');

const include = { transitions: { orderBy: { index: 'asc' } } } as const satisfies Prisma.RunInclude;

export function createRunRepository(database: Database): RunRepository {
  async function load(session: DatabaseSession, id: string): Promise<Run> {
    return toRun((await session.run.findUniqueOrThrow({ where: { id }, include })) as RunRow);
  }

  return {
    async create(run) {
      return database.$transaction(async (session) => {
        const { id, createdAt } = await session.run.create({
          data: {
            teamId: run.teamId, name: run.name, tags: run.spec.tags ?? [], priority: run.spec.priority ?? 0, recipe: run.recipe,
            spec: json(run.spec), plan: json(run.plan),
            dataset: run.spec.dataset.name, state: 'queued', epochs: run.spec.fit.epochs, totalSteps: run.plan.totalSteps, head: 1,
            ...(run.fork === undefined ? {} : { forkedFromRunId: run.fork.runId, forkedFromStep: run.fork.step }),
            hyperparameters: { createMany: { data: run.hyperparameters.map(({ key, value }) => ({ key, value })) } },
          },
          select: { id: true, createdAt: true },
        });
        await session.runTransition.create({ data: { runId: id, index: 0, state: 'queued', attempt: 0, at: createdAt } });
        if (run.fork !== undefined) await takeOver(session, id, run.fork);
        if (run.idempotency !== undefined) {
          await session.idempotencyKey.create({ data: { teamId: run.teamId, runId: id, ...run.idempotency } });
        }
        const events = await insertEvents(session, id, { head: 1, events: [{ kind: 'state', at: createdAt.toISOString(), data: { state: 'queued', attempt: 0 } }] });
        return { run: await load(session, id), events };
      });
    },

    async findIdempotent(teamId, key) {
      const freshSince = new Date(Date.now() - 24 * 3600_000);
      await database.idempotencyKey.deleteMany({ where: { createdAt: { lt: freshSince } } });
      return database.idempotencyKey.findUnique({ where: { teamId_key: { teamId, key } }, select: { runId: true, fingerprint: true } });
    },

    async find(teamId, id) {
      const row = await database.run.findFirst({ where: { id, teamId }, include });
      return row === null ? null : toRun(row as RunRow);
    },

    async findPlan(teamId, id) {
      const row = await database.run.findFirst({ where: { id, teamId }, select: { plan: true } });
      return row === null ? null : (row.plan as unknown as Plan);
    },

    async list(teamId, { filter, order, after, limit }) {
      const newest = order === 'newest';
      const rows = await database.run.findMany({
        where: {
          teamId,
          ...(filter.states ? { state: { in: [...filter.states] } } : {}),
          ...(filter.tag ? { tags: { has: storableText(filter.tag) } } : {}),
          ...(filter.recipe ? { recipe: storableText(filter.recipe) } : {}),
          ...(filter.dataset ? { dataset: storableText(filter.dataset) } : {}),
          ...(filter.name ? { name: { contains: literal(storableText(filter.name)), mode: 'insensitive' } } : {}),
          ...(after ? { id: newest ? { lt: after } : { gt: after } } : {}),
        },
        orderBy: { id: newest ? 'desc' : 'asc' },
        take: limit,
        include,
      });
      return rows.map((row) => toRun(row as RunRow));
    },

    async change(id, change) {
      const legal = statesBefore(change.to);
      const from = change.from === undefined ? legal : legal.filter((state) => change.from?.includes(state));
      const { extension } = change;
      const { metrics, ...set } = change.set ?? {};
      const resume = change.to === 'starting' ? change.resume : undefined;
      const at = new Date();
      const message = change.message ? storableText(change.message) : null;
      return database.$transaction(async (session) => {
        const { count } = await session.run.updateMany({
          where: {
            id,
            state: { in: from },
            ...(change.attempt === undefined ? {} : { attempt: change.attempt }),
            ...(change.expiredBefore === undefined ? {} : { leaseExpiresAt: { lt: change.expiredBefore } }),
            ...(change.retriesBelow === undefined ? {} : { retries: { lt: change.retriesBelow } }),
          },
          data: {
            state: change.to, reason: change.reason ?? null, message, head: { increment: 1 },
            ...set,
            ...(metrics === undefined ? {} : { metrics: toMetricValues(metrics) }),
            ...(change.to === 'starting' ? { startedAt: at, epoch: resume?.epoch ?? 0, step: resume?.step ?? 0, examplesPerSecond: null, bestEpoch: null, metrics: resume?.metrics ?? {} } : {}),
            ...(change.retriesBelow === undefined ? {} : { retries: { increment: 1 } }),
            ...(extension === undefined ? {} : extendedColumns(extension)),
            endedAt: hasEnded(change.to) ? at : null,
            ...(isHeld(change.to) || change.to === 'lost' ? {} : { leaseOwner: null, leaseExpiresAt: null }),
          },
        });
        if (count === 0) return null;
        const { head, attempt } = await session.run.findUniqueOrThrow({ where: { id }, select: { head: true, attempt: true } });
        const index = await session.runTransition.count({ where: { runId: id } });
        const said = { state: change.to, attempt, ...(change.reason ? { reason: change.reason } : {}), ...(message ? { message } : {}) };
        await session.runTransition.create({ data: { runId: id, index, at, ...said } });
        if (resume !== undefined) await rewindCurves(session, id, { to: attempt, ...resume });
        if (extension !== undefined) await session.hyperparameter.updateMany({ where: { runId: id, key: 'fit.epochs' }, data: { value: extension.spec.fit.epochs } });
        const data = { ...said, ...(resume === undefined ? {} : { step: resume.step }) };
        const events = await insertEvents(session, id, { head, events: [{ kind: 'state', at: at.toISOString(), data }] });
        return { run: await load(session, id), events };
      });
    },

    async setDevice({ runId, attempt }, device) {
      await database.run.updateMany({ where: { id: runId, attempt }, data: storable(device) });
    },

    async delete(teamId, id) {
      const { count } = await database.run.deleteMany({ where: { id, teamId, state: { in: ['succeeded', 'failed', 'cancelled'] } } });
      return count > 0;
    },

    async renewLeases(owner, ids, until) {
      const rows = await database.run.updateManyAndReturn({
        where: { id: { in: [...ids] }, leaseOwner: owner, state: { in: [...HELD_STATES] } },
        data: { leaseExpiresAt: until },
        select: { id: true, state: true },
      });
      return new Map(rows.map((row) => [row.id, row.state as RunState]));
    },

    async findExpired(now) {
      const rows = await database.run.findMany({
        where: { OR: [{ leaseExpiresAt: { lt: now } }, { state: 'lost' }], state: { in: [...HELD_STATES, 'lost'] } },
        select: { id: true, attempt: true, state: true, priority: true },
        take: 1000,
      });
      return rows.map((row) => ({ ...row, state: row.state as RunState }));
    },

    async findQueued(limit) {
      return database.run.findMany({
        where: { state: 'queued' },
        orderBy: [{ priority: 'desc' }, { id: 'asc' }],
        select: { id: true, attempt: true, priority: true },
        take: limit,
      });
    },
  };
}

// Runs in the database.
import { START_STATE } from '../artifacts/artifact-repository.js';
import { holdStore } from '../artifacts/store-lock.js';
import { Prisma, type Database, type DatabaseSession } from '../db/client.js';
import type { DatabaseClock } from '../db/clock.js';
import type { Reader } from '../identity/principal.js';
import type { Fence } from '../live/event-log.js';
import type { RunEvent } from '../schemas/event.js';
import type { Plan } from '../schemas/plan.js';
import { HELD_STATES, type RunState } from '../portable/run-states.js';
import type { Run } from '../schemas/run.js';
import type { RunSpec } from '../schemas/spec.js';
import { rewindCurves } from '../metrics/chunks.js';
import { demandOf, shapeOf } from '../dispatch/demand.js';
import { timeOnDevicesMs } from './time-on-devices.js';
import { readRuns } from './run-row.js';
import { changeState, type StateChange } from './state-change.js';
import { type Leaving } from '../run-states.js';
import { storable, storableText } from '../db/storable-text.js';

export type { Extension, StateChange } from './state-change.js';

export interface NewRun {
  teamId: string;
  /** Who submits it; absent where nobody is known. */
  userId?: string;
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

export interface HeldRun {
  state: RunState;
  /** Why it was told to leave its devices; null where it was not. */
  leaving: Leaving | null;
}

export interface Changed {
  run: Run;
  events: RunEvent[];
}

export interface RunFilter {
  ids?: readonly string[];
  states?: readonly RunState[];
  tag?: string;
  recipe?: string;
  name?: string;
  dataset?: string;
  /** Name of who submitted it. */
  user?: string;
  /** Instead of the team's own, those that others share with it. */
  shared?: boolean;
}

export interface RunRepository {
  /** @throws ForkGoneError, and an error that `isUniqueViolation` knows for an idempotency key that is taken */
  create(run: NewRun): Promise<Changed>;
  findIdempotent(teamId: string, key: string): Promise<{ runId: string; fingerprint: string } | null>;
  find(teamId: string, id: string): Promise<Run | null>;
  /** Of any team: for those who have asked whether one may. */
  findAny(id: string): Promise<Run | null>;
  /** Of the reader's team, or one that it was shared with. */
  findReadable(reader: Reader, id: string): Promise<Run | null>;
  /** Of these runs, those that the reader may see. */
  findSeen(reader: Reader, ids: readonly string[]): Promise<string[]>;
  /** Of these runs, those that are there but not for this team to see. */
  findHidden(teamId: string, ids: readonly string[]): Promise<string[]>;
  /** Whoever asks has found the run before. */
  findPlan(id: string): Promise<Plan | null>;
  /** In order of creation; `after` is the id of the last run seen. */
  list(teamId: string, query: { filter: RunFilter; order: 'newest' | 'oldest'; after?: string; limit: number }): Promise<Run[]>;
  /** Null when the run is not in a state, or attempt, that allows it. @throws an error that `isUniqueViolation` knows for an extension's idempotency key that is taken */
  change(id: string, change: StateChange): Promise<Changed | null>;
  /** Null when there is no such run. */
  annotate(teamId: string, id: string, notes: { name?: string; tags?: readonly string[]; priority?: number }): Promise<Run | null>;
  /** Puts a run that waits right before another of its user that does; null where the two are not such. */
  lineUp(teamId: string, id: string, before: string): Promise<Run | null>;
  setDevice(fence: Fence, device: { engine: string; backend: string; device: string }): Promise<void>;
  /** Removes an ended run with all that belongs to it; false when it is not there or has not ended. */
  delete(teamId: string, id: string): Promise<boolean>;
  /** Extends leases; answers how each run stands that this owner still holds. */
  renewLeases(owner: string, ids: readonly string[], until: Date): Promise<Map<string, HeldRun>>;
  /** How long it has held devices since it was submitted or last resumed, also where it still does; null where it may for as long as it likes. */
  timeOnDevices(id: string): Promise<{ usedMs: number; maxRuntimeSeconds: number } | null>;
  findExpired(now: Date): Promise<{ id: string; attempt: number; state: RunState }[]>;
}

async function takeOver(session: DatabaseSession, id: string, { runId, path }: NonNullable<NewRun['fork']>): Promise<void> {
  await holdStore(session);
  const count = await session.$executeRaw`
    INSERT INTO artifacts (run_id, path, sha256, bytes, content_type)
    SELECT ${id}::uuid, ${START_STATE}, sha256, bytes, content_type FROM artifacts WHERE run_id = ${runId}::uuid AND path = ${path}`;
  if (count === 0) throw new ForkGoneError(`run ${runId} has no ${path}`);
}

/** For LIKE, without wildcards. */
const literal = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&');

/** Its own, and what others share with it. */
const isSeenBy = (teamId: string) => Prisma.sql`(team_id = ${teamId}::uuid OR EXISTS (SELECT FROM shares WHERE run_id = runs.id AND shares.team_id = ${teamId}::uuid AND (expires_at IS NULL OR expires_at > now())))`;

function conditionsOf(teamId: string, { ids, states, tag, recipe, dataset, name, user, shared = false }: RunFilter): Prisma.Sql[] {
  return [
    shared ? Prisma.sql`id IN (SELECT run_id FROM shares WHERE team_id = ${teamId}::uuid AND (expires_at IS NULL OR expires_at > now()))` : Prisma.sql`team_id = ${teamId}::uuid`,
    ...(user ? [Prisma.sql`user_id = (SELECT id FROM users WHERE name = ${storableText(user)})`] : []),
    ...(ids ? [Prisma.sql`id = ANY(${ids}::uuid[])`] : []),
    ...(states ? [Prisma.sql`state = ANY(${states}::text[])`] : []),
    ...(tag ? [Prisma.sql`tags @> ARRAY[${storableText(tag)}]`] : []),
    ...(recipe ? [Prisma.sql`recipe = ${storableText(recipe)}`] : []),
    ...(dataset ? [Prisma.sql`dataset = ${storableText(dataset)}`] : []),
    ...(name ? [Prisma.sql`name ILIKE ${`%${literal(storableText(name))}%`}`] : []),
  ];
}

export function createRunRepository(database: Database, clock: Pick<DatabaseClock, 'now'>): RunRepository {
  /** Null when there is none. */
  async function findOne(where: Prisma.Sql): Promise<Run | null> {
    return (await readRuns(database, Prisma.sql`WHERE ${where}`))[0] ?? null;
  }

  return {
    async create({ teamId, userId, name, recipe, spec, plan, hyperparameters, idempotency, fork }) {
      const at = new Date(clock.now());
      const queued = { state: 'queued', attempt: 0 } as const;
      const id = await database.$transaction(async (session) => {
        const { id } = await session.run.create({
          data: {
            teamId, userId: userId ?? null, name, tags: spec.tags ?? [], priority: spec.priority ?? 0, recipe,
            spec: spec as unknown as Prisma.InputJsonObject, plan: plan as unknown as Prisma.InputJsonObject,
            demand: { ...demandOf(spec, plan) }, shape: shapeOf(spec), queuedAt: at,
            dataset: spec.dataset.name, state: 'queued', epochs: spec.fit.epochs, totalSteps: plan.totalSteps, head: 1, createdAt: at,
            ...(fork === undefined ? {} : { forkedFromRunId: fork.runId, forkedFromStep: fork.step }),
          },
          select: { id: true },
        });
        await session.$executeRaw`
          WITH noted AS (
            INSERT INTO run_transitions (run_id, index, state, attempt, at) VALUES (${id}::uuid, 1, ${queued.state}, ${queued.attempt}, ${at.toISOString()}::timestamptz)
          ), logged AS (
            INSERT INTO run_events (run_id, seq, kind, at, data) VALUES (${id}::uuid, 1, 'state', ${at.toISOString()}::timestamptz, ${JSON.stringify(queued)}::jsonb)
          )
          INSERT INTO hyperparameters (run_id, key, value)
          SELECT ${id}::uuid, key, value FROM unnest(${hyperparameters.map(({ key }) => key)}::text[], ${hyperparameters.map(({ value }) => JSON.stringify(value))}::jsonb[]) AS given (key, value)`;
        if (fork !== undefined) await takeOver(session, id, fork);
        if (idempotency !== undefined) await session.idempotencyKey.create({ data: { teamId, runId: id, ...idempotency } });
        return id;
      });
      const run = await findOne(Prisma.sql`id = ${id}::uuid`);
      if (run === null) throw new Error(`run ${id} is gone as soon as it was made`);
      return { run, events: [{ seq: 1, kind: 'state', at: at.toISOString(), data: queued }] };
    },

    async findIdempotent(teamId, key) {
      const freshSince = new Date(Date.now() - 24 * 3600_000);
      await database.idempotencyKey.deleteMany({ where: { createdAt: { lt: freshSince } } });
      return database.idempotencyKey.findUnique({ where: { teamId_key: { teamId, key } }, select: { runId: true, fingerprint: true } });
    },

    find: (teamId, id) => findOne(Prisma.sql`id = ${id}::uuid AND team_id = ${teamId}::uuid`),

    findAny: (id) => findOne(Prisma.sql`id = ${id}::uuid`),

    findReadable: ({ teamId, onlyRunId }, id) =>
      onlyRunId !== null
        ? findOne(Prisma.sql`id = ${id}::uuid AND id = ${onlyRunId}::uuid`)
        : findOne(Prisma.sql`id = ${id}::uuid AND ${isSeenBy(teamId)}`),

    async findSeen({ teamId, onlyRunId }, ids) {
      const asked = onlyRunId === null ? [...ids] : ids.filter((id) => id === onlyRunId);
      if (asked.length === 0) return [];
      const seen = onlyRunId === null ? isSeenBy(teamId) : Prisma.sql`TRUE`;
      const rows = await database.$queryRaw<{ id: string }[]>`SELECT id FROM runs WHERE id = ANY(${asked}::uuid[]) AND ${seen}`;
      return rows.map(({ id }) => id);
    },

    async findHidden(teamId, ids) {
      const rows = await database.$queryRaw<{ id: string }[]>`SELECT id FROM runs WHERE id = ANY(${ids}::uuid[]) AND NOT ${isSeenBy(teamId)}`;
      return rows.map(({ id }) => id);
    },

    async findPlan(id) {
      const row = await database.run.findUnique({ where: { id }, select: { plan: true } });
      return row === null ? null : (row.plan as unknown as Plan);
    },

    async list(teamId, { filter, order, after, limit }) {
      const [beyond, direction] = order === 'newest' ? [Prisma.sql`<`, Prisma.sql`DESC`] : [Prisma.sql`>`, Prisma.sql`ASC`];
      const conditions = [...conditionsOf(teamId, filter), ...(after ? [Prisma.sql`id ${beyond} ${after}::uuid`] : [])];
      return readRuns(database, Prisma.sql`WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY id ${direction} LIMIT ${limit}`);
    },

    async change(id, change) {
      const { to, resume } = change;
      const at = new Date(clock.now());
      const event =
        to !== 'starting' || resume === undefined
          ? await changeState(database, id, change, at)
          : await database.$transaction(async (session) => {
              const event = await changeState(session, id, change, at);
              if (event !== null) await rewindCurves(session, id, { to: event.data.attempt, ...resume });
              return event;
            });
      const run = event === null ? null : await findOne(Prisma.sql`id = ${id}::uuid`);
      // An ended run may be deleted at any moment.
      return event === null || run === null ? null : { run, events: [event] };
    },

    async lineUp(teamId, id, before) {
      // Those that stand before the other one step aside, so that nobody is in the same place; where times are equal, ids decide.
      const rows = await database.$queryRaw<{ id: string }[]>`
        WITH pair AS (
          SELECT runs.id, runs.team_id, runs.user_id, other.id AS before, other.priority, coalesce(other.lined_up_at, other.queued_at) AS at
          FROM runs, runs AS other
          WHERE runs.id = ${id}::uuid AND other.id = ${before}::uuid AND runs.id <> other.id AND runs.team_id = ${teamId}::uuid AND other.team_id = runs.team_id
            AND other.user_id IS NOT DISTINCT FROM runs.user_id AND runs.state = 'queued' AND other.state = 'queued'
        )
        UPDATE runs SET
          priority = CASE WHEN runs.id = pair.id THEN pair.priority ELSE runs.priority END,
          lined_up_at = CASE WHEN runs.id = pair.id THEN pair.at - interval '1 millisecond' ELSE coalesce(runs.lined_up_at, runs.queued_at) - interval '2 milliseconds' END
        FROM pair
        WHERE runs.id = pair.id OR (runs.state = 'queued' AND runs.team_id = pair.team_id AND runs.user_id IS NOT DISTINCT FROM pair.user_id
          AND runs.priority = pair.priority AND (coalesce(runs.lined_up_at, runs.queued_at), runs.id) < (pair.at, pair.before))
        RETURNING runs.id`;
      return rows.length === 0 ? null : findOne(Prisma.sql`id = ${id}::uuid`);
    },

    async annotate(teamId, id, { name, tags, priority }) {
      const sets = [...(name === undefined ? [] : [Prisma.sql`name = ${storableText(name)}`]), ...(tags === undefined ? [] : [Prisma.sql`tags = ${tags.map(storableText)}::text[]`]), ...(priority === undefined ? [] : [Prisma.sql`priority = ${priority}::int`])];
      const mine = Prisma.sql`id = ${id}::uuid AND team_id = ${teamId}::uuid`;
      if (sets.length > 0) await database.$executeRaw`UPDATE runs SET ${Prisma.join(sets)} WHERE ${mine}`;
      return findOne(mine);
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
        select: { id: true, state: true, leaving: true },
      });
      return new Map(rows.map((row) => [row.id, { state: row.state as RunState, leaving: row.leaving as Leaving | null }]));
    },

    async timeOnDevices(id) {
      const [row] = await database.$queryRaw<{ usedMs: number; maxRuntimeSeconds: number }[]>`
        SELECT ${timeOnDevicesMs(Prisma.sql`coalesce(ended_at, least(now(), runs.lease_expires_at))`)} AS "usedMs", (demand ->> 'maxRuntimeSeconds')::float8 AS "maxRuntimeSeconds"
        FROM runs WHERE id = ${id}::uuid AND demand ->> 'maxRuntimeSeconds' IS NOT NULL`;
      return row ?? null;
    },

    async findExpired(now) {
      const rows = await database.run.findMany({
        where: { OR: [{ leaseExpiresAt: { lt: now } }, { state: 'lost' }], state: { in: [...HELD_STATES, 'lost'] } },
        select: { id: true, attempt: true, state: true },
        take: 1000,
      });
      return rows.map((row) => ({ ...row, state: row.state as RunState }));
    },
  };
}

// Uses of devices as the database has them. They are kept for ever, also those of runs, users and teams that are gone.
import { Prisma, type DatabaseSession } from '../db/client.js';
import type { DeviceKind } from '../schemas/device-kind.js';
import type { DeviceUse, Period } from './split.js';

export interface UseQuery extends Period {
  /** One team, by its id or by the name that it has, or had; absent for all. */
  team?: { id: string } | { name: string };
  /** Only runs that had devices of this kind then. */
  deviceKind?: DeviceKind | undefined;
  /** Id of the last run seen. */
  after?: string | undefined;
  /** So many runs, at most. */
  limit?: number | undefined;
}

export interface LedgerRepository {
  /** Runs that waited, or held devices, within the period, those first that were made last: each with all its uses, in order. */
  listUses(query: UseQuery): AsyncIterable<DeviceUse[]>;
  /** Whether there is, or was, a team of this name. */
  knowsTeam(name: string): Promise<boolean>;
}

/** A year of a busy box is not held in memory at once, and others are served in between. */
const RUNS_AT_ONCE = 500;

type Time = 'queuedAt' | 'startedAt' | 'runningAt' | 'endedAt' | 'heldUntil' | 'progressedAt';
const ms = (column: string) => Prisma.sql`(extract(epoch FROM ${Prisma.raw(column)}) * 1000)::bigint`;
const dateOf = (time: number | null) => (time === null ? null : new Date(time));

export function createLedgerRepository(database: DatabaseSession, { runsAtOnce = RUNS_AT_ONCE } = {}): LedgerRepository {
  // All ids at once: to look for the next few again and again takes long. They and the uses are one text each, as
  // thousands of rows, and times in words, take several times as long to be read.
  async function listIds({ from, to, team, deviceKind, after, limit }: UseQuery): Promise<string[]> {
    const conditions = [
      Prisma.sql`queued_at < to_timestamp(${to / 1000}::float8)`,
      Prisma.sql`(ended_at > to_timestamp(${from / 1000}::float8) OR ended_at IS NULL)`,
      ...(team === undefined ? [] : ['id' in team ? Prisma.sql`team_id = ${team.id}::uuid` : Prisma.sql`team = ${team.name}`]),
      ...(deviceKind === undefined ? [] : [Prisma.sql`device_kind = ${deviceKind}`]),
      ...(after === undefined ? [] : [Prisma.sql`run_id < ${after}::uuid`]),
    ];
    const [row] = await database.$queryRaw<{ ids: string | null }[]>`
      SELECT string_agg(run_id::text, ' ' ORDER BY run_id DESC) AS ids FROM (
        SELECT DISTINCT run_id FROM device_uses WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY run_id DESC LIMIT ${limit ?? null}::int
      ) AS touched`;
    return row?.ids?.split(' ') ?? [];
  }

  async function listOf(ids: readonly string[]): Promise<DeviceUse[]> {
    const [row] = await database.$queryRaw<{ uses: (Omit<DeviceUse, Time> & Record<Time, number | null>)[] }[]>`
      SELECT coalesce(json_agg(use ORDER BY "runId" DESC, attempt), '[]') AS uses FROM (
        SELECT run_id AS "runId", attempt, run_name AS "runName", team_id AS "teamId", team, "user", box, device_kind AS "deviceKind", share,
               ${ms('queued_at')} AS "queuedAt", ${ms('started_at')} AS "startedAt", ${ms('running_at')} AS "runningAt", ${ms('ended_at')} AS "endedAt",
               ${ms('coalesce(ended_at, (SELECT lease_expires_at FROM runs WHERE id = run_id AND runs.attempt = device_uses.attempt))')} AS "heldUntil", ended_as AS "endedAs",
               first_step AS "firstStep", last_step AS "lastStep", best_step AS "bestStep", kept_step AS "keptStep", ${ms('progressed_at')} AS "progressedAt"
        FROM device_uses WHERE run_id = ANY(${ids}::uuid[])
      ) AS use`;
    return row!.uses.map((use) => ({ ...use, queuedAt: new Date(use.queuedAt!), startedAt: new Date(use.startedAt!), runningAt: dateOf(use.runningAt), endedAt: dateOf(use.endedAt), heldUntil: dateOf(use.heldUntil), progressedAt: dateOf(use.progressedAt) }));
  }

  return {
    async *listUses(query) {
      const ids = await listIds(query);
      for (let start = 0; start < ids.length; start += runsAtOnce) yield* byRun(await listOf(ids.slice(start, start + runsAtOnce)));
    },

    async knowsTeam(name) {
      const [row] = await database.$queryRaw<{ known: boolean }[]>`
        SELECT EXISTS (SELECT FROM teams WHERE name = ${name}) OR EXISTS (SELECT FROM device_uses WHERE team = ${name}) AS known`;
      return row?.known ?? false;
    },
  };
}

function byRun(uses: readonly DeviceUse[]): DeviceUse[][] {
  const runs: DeviceUse[][] = [];
  for (const use of uses) {
    const current = runs.at(-1);
    if (current?.[0]?.runId === use.runId) current.push(use);
    else runs.push([use]);
  }
  return runs;
}

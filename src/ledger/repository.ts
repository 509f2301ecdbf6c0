// Uses of devices as the database has them. They are kept for ever, also those of runs, users and teams that are gone.
import { Prisma, type DatabaseSession } from '../db/client.js';
import type { DeviceUse, Period } from './split.js';

export interface UseQuery extends Period {
  /** One team, by its id or by the name that it has, or had; absent for all. */
  team?: { id: string } | { name: string };
}

export interface LedgerRepository {
  /** Runs that waited, or held devices, within the period: each with all its uses, in order. */
  listUses(query: UseQuery): AsyncIterable<DeviceUse[]>;
  /** Whether there is, or was, a team of this name. */
  knowsTeam(name: string): Promise<boolean>;
}

/** A year of a busy box is not held in memory at once, and others are served in between. */
const RUNS_AT_ONCE = 500;

export function createLedgerRepository(database: DatabaseSession, { runsAtOnce = RUNS_AT_ONCE } = {}): LedgerRepository {
  async function listSome({ from, to, team }: UseQuery, after: string | null): Promise<DeviceUse[]> {
    const conditions = [
      Prisma.sql`queued_at < to_timestamp(${to / 1000}::float8)`,
      Prisma.sql`(ended_at > to_timestamp(${from / 1000}::float8) OR ended_at IS NULL)`,
      ...(team === undefined ? [] : ['id' in team ? Prisma.sql`team_id = ${team.id}::uuid` : Prisma.sql`team = ${team.name}`]),
      ...(after === null ? [] : [Prisma.sql`run_id > ${after}::uuid`]),
    ];
    return database.$queryRaw<DeviceUse[]>`
      WITH touched AS (
        SELECT DISTINCT run_id FROM device_uses WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY run_id LIMIT ${runsAtOnce}
      )
      SELECT run_id AS "runId", attempt, run_name AS "runName", team_id AS "teamId", team, "user", box, device_kind AS "deviceKind", share,
             queued_at AS "queuedAt", started_at AS "startedAt", running_at AS "runningAt", ended_at AS "endedAt", ended_as AS "endedAs",
             first_step AS "firstStep", last_step AS "lastStep", best_step AS "bestStep", kept_step AS "keptStep", progressed_at AS "progressedAt"
      FROM touched JOIN device_uses USING (run_id) ORDER BY run_id, attempt`;
  }

  return {
    async *listUses(query) {
      let after: string | null = null;
      let runs;
      do {
        runs = byRun(await listSome(query, after));
        yield* runs;
        after = runs.at(-1)?.[0]?.runId ?? null;
      } while (runs.length === runsAtOnce);
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

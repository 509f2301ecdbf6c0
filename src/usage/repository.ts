// What the index and the database say of their own size.
import { START_STATE } from '../artifacts/artifact-repository.js';
import { Prisma, type Database } from '../db/client.js';
import type { RunUsage } from '../schemas/usage.js';

export type StoredKind = 'models' | 'trainingStates';

export interface UsageRepository {
  /** What each stored file is, by its hash. */
  kinds(): Promise<Map<string, StoredKind>>;
  /** Runs that have files, the largest first. */
  largestRuns(teamId: string, limit: number): Promise<RunUsage[]>;
  /** Bytes of a team's files, each counted once, and what it may have; null is without a limit. */
  teamStorage(teamId: string): Promise<{ bytes: number; limitBytes: number | null }>;
  /** The same of teams that have a limit and runs in line, by id: nobody asks about others, and to add up files costs something. */
  storageOfWaiting(): Promise<Map<string, { bytes: number; limitBytes: number }>>;
  databaseSize(): Promise<{ totalBytes: number; eventBytes: number; curveBytes: number }>;
}

/** Of a row of `teams`: bytes of its files. */
const FILES = Prisma.sql`coalesce((SELECT sum(bytes) FROM (SELECT DISTINCT sha256, bytes FROM artifacts JOIN runs ON runs.id = run_id WHERE team_id = teams.id) AS files), 0)::float8`;

export function createUsageRepository(database: Database): UsageRepository {
  return {
    async kinds() {
      const rows = await database.$queryRaw<{ sha256: string; isState: boolean }[]>`
        SELECT a.sha256, bool_and(c.id IS NOT NULL OR a.path = ${START_STATE}) AS "isState"
        FROM artifacts a LEFT JOIN checkpoints c ON c.run_id = a.run_id AND c.path = a.path AND c.kind = 'resume'
        GROUP BY a.sha256`;
      return new Map(rows.map(({ sha256, isState }) => [sha256, isState ? 'trainingStates' : 'models']));
    },

    async largestRuns(teamId, limit) {
      return database.$queryRaw<RunUsage[]>`
        WITH files AS (SELECT DISTINCT run_id, sha256, bytes FROM artifacts),
             uses AS (SELECT sha256, count(*) AS runs FROM files GROUP BY sha256)
        SELECT r.id, r.name, r.state,
               coalesce(sum(bytes) FILTER (WHERE uses.runs = 1), 0)::float8 AS "ownBytes",
               coalesce(sum(bytes) FILTER (WHERE uses.runs > 1), 0)::float8 AS "sharedBytes"
        FROM files JOIN uses USING (sha256) JOIN runs r ON r.id = files.run_id
        WHERE r.team_id = ${teamId}::uuid
        GROUP BY r.id ORDER BY sum(bytes) DESC, r.id LIMIT ${limit}`;
    },

    async teamStorage(teamId) {
      const [row] = await database.$queryRaw<{ bytes: number; limitBytes: number | null }[]>`
        SELECT storage_bytes::float8 AS "limitBytes",
          CASE WHEN storage_bytes IS NULL THEN 0 ELSE ${FILES} END AS bytes
        FROM teams WHERE id = ${teamId}::uuid`;
      return row ?? { bytes: 0, limitBytes: null };
    },

    async storageOfWaiting() {
      const rows = await database.$queryRaw<{ id: string; bytes: number; limitBytes: number }[]>`
        SELECT id, storage_bytes::float8 AS "limitBytes", ${FILES} AS bytes FROM teams
        WHERE storage_bytes IS NOT NULL AND EXISTS (SELECT FROM runs WHERE team_id = teams.id AND state = 'queued')`;
      return new Map(rows.map(({ id, ...storage }) => [id, storage]));
    },

    async databaseSize() {
      const [size] = await database.$queryRaw<Awaited<ReturnType<UsageRepository['databaseSize']>>[]>`
        SELECT pg_database_size(current_database())::float8 AS "totalBytes",
               pg_total_relation_size('run_events')::float8 AS "eventBytes",
               (pg_total_relation_size('metric_series') + pg_total_relation_size('metric_chunks'))::float8 AS "curveBytes"`;
      return size!;
    },
  };
}

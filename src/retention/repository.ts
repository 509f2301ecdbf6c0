// What ended runs no longer keep. Each step takes runs that no other process has at hand, so that several may do this
// at once, and one that goes on just now is left alone.
import { START_STATE } from '../artifacts/artifact-repository.js';
import { Prisma, type Database } from '../db/client.js';
import { ENDED_STATES } from '../portable/run-states.js';

/** Runs with this tag are left as they are. */
export const KEEP_TAG = 'keep';

export interface RetentionRepository {
  /** Takes the training states of some runs that ended before this out of the index, with those that they started from. Answers the hashes of their files: none when there are no more. */
  dropStates(endedBefore: Date): Promise<string[]>;
  /** Deletes a run that ended before this, with all that belongs to it; `hashes` are those of its files. Null when there are no more. */
  deleteRun(endedBefore: Date): Promise<{ id: string; name: string; hashes: string[] } | null>;
}

const RUNS_AT_ONCE = 50;

export function createRetentionRepository(database: Database): RetentionRepository {
  const isOver = (endedBefore: Date) => Prisma.sql`state = ANY(${[...ENDED_STATES]}) AND ended_at < ${endedBefore} AND NOT ${KEEP_TAG} = ANY(tags)`;
  return {
    async dropStates(endedBefore) {
      const files = await database.$queryRaw<{ sha256: string }[]>`
        WITH over AS (
          SELECT id FROM runs
          WHERE ${isOver(endedBefore)}
            AND (EXISTS (SELECT 1 FROM checkpoints WHERE run_id = runs.id AND kind = 'resume') OR EXISTS (SELECT 1 FROM artifacts WHERE run_id = runs.id AND path = ${START_STATE}))
          LIMIT ${RUNS_AT_ONCE} FOR UPDATE SKIP LOCKED
        ), dropped AS (
          DELETE FROM checkpoints USING over WHERE run_id = over.id AND kind = 'resume' RETURNING run_id, path
        ), states AS (
          SELECT run_id, path FROM dropped UNION ALL SELECT id, ${START_STATE} FROM over
        )
        DELETE FROM artifacts USING states WHERE artifacts.run_id = states.run_id AND artifacts.path = states.path RETURNING sha256`;
      return files.map(({ sha256 }) => sha256);
    },

    async deleteRun(endedBefore) {
      return database.$transaction(async (session) => {
        const [run] = await session.$queryRaw<{ id: string; name: string }[]>`
          SELECT id, name FROM runs WHERE ${isOver(endedBefore)} ORDER BY ended_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
        if (run === undefined) return null;
        const files = await session.artifact.findMany({ where: { runId: run.id }, select: { sha256: true }, distinct: ['sha256'] });
        await session.run.delete({ where: { id: run.id } });
        return { ...run, hashes: files.map(({ sha256 }) => sha256) };
      });
    },
  };
}

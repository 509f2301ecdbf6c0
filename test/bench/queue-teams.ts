// From a few runs that were submitted to thousands that wait, and from one team to many.
import type { Stores } from '../../src/compose-stores.js';

/** What is copied of a run when it is: itself, what is searched by, and its first event. */
export async function multiplyRuns({ database, queue }: Stores, times: number): Promise<void> {
  const rows = await database.$queryRaw<{ id: string }[]>`
    WITH pairs AS MATERIALIZED (
      SELECT runs.id AS original, uuidv7() AS id FROM generate_series(2, ${times}::int) AS time CROSS JOIN runs ORDER BY time, runs.id
    ), copied AS (
      INSERT INTO runs SELECT copy.* FROM pairs JOIN runs ON runs.id = original CROSS JOIN LATERAL jsonb_populate_record(runs, jsonb_build_object('id', pairs.id)) AS copy
    ), noted AS (
      INSERT INTO run_transitions (run_id, index, state, attempt, at) SELECT pairs.id, index, state, attempt, at FROM pairs JOIN run_transitions ON run_id = original
    ), logged AS (
      INSERT INTO run_events (run_id, seq, kind, at, data) SELECT pairs.id, seq, kind, at, data FROM pairs JOIN run_events ON run_id = original
    ), searched AS (
      INSERT INTO hyperparameters (run_id, key, value) SELECT pairs.id, key, value FROM pairs JOIN hyperparameters ON run_id = original
    )
    SELECT id FROM pairs`;
  for (const { id } of rows) await queue.enqueue({ runId: id, attempt: 1 });
  await database.$executeRaw`ANALYZE`; // nobody makes so many at once, and statistics keep up with those who do not
}

/** Everything that waits belongs to these from now on, evenly; some teams count more than others. */
export async function shareOut({ database }: Stores, { teams, usersPerTeam }: { teams: number; usersPerTeam: number }): Promise<void> {
  await database.$executeRaw`INSERT INTO teams (id, name, weight) SELECT gen_random_uuid(), 'bench team ' || n, 1 + n % 3 FROM generate_series(0, ${teams - 1}::int) AS n`;
  await database.$executeRaw`INSERT INTO users (id, name) SELECT gen_random_uuid(), 'bench user ' || n FROM generate_series(0, ${teams * usersPerTeam - 1}::int) AS n`;
  await database.$executeRaw`
    UPDATE runs SET team_id = teams.id, user_id = users.id
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM runs WHERE state = 'queued') AS numbered
      JOIN teams ON teams.name = 'bench team ' || n % ${teams}::int
      JOIN users ON users.name = 'bench user ' || n % ${teams * usersPerTeam}::int
    WHERE runs.id = numbered.id`;
  await database.$executeRaw`ANALYZE runs`;
}

// What was said of when runs would start, held against when they did.
import type { Database } from '../db/client.js';
import type { Standing } from './outlook.js';

export interface Accuracy {
  count: number;
  medianErrorSeconds: number | null;
  withinInterval: number | null;
}

export interface Estimates {
  /** The first word on each run since it waits; later ones change nothing. */
  note(standings: readonly Pick<Standing, 'runId' | 'likely' | 'earliest' | 'latest'>[]): Promise<void>;
  /** Looks which have started since, and forgets old ones. */
  settle(): Promise<void>;
  /** Of runs that have started since. */
  accuracy(since: Date): Promise<Accuracy>;
}

const KEPT_DAYS = 30;
/** Times are rounded to it: the scheduler looks about so often. */
const GRACE_SECONDS = 1;

export function createEstimates(database: Database): Estimates {
  return {
    async note(standings) {
      const known = standings.filter(({ likely, earliest }) => likely !== null && earliest !== null);
      if (known.length === 0) return;
      const times = (of: (standing: (typeof known)[number]) => number | null) => known.map((standing) => { const at = of(standing); return at === null ? null : new Date(at).toISOString(); });
      await database.$executeRaw`
        INSERT INTO start_estimates (run_id, queued_at, made_at, earliest, likely, latest)
        SELECT runs.id, queued_at, now(), earliest, likely, latest
        FROM unnest(${known.map(({ runId }) => runId)}::uuid[], ${times(({ earliest }) => earliest)}::timestamptz[], ${times(({ likely }) => likely)}::timestamptz[], ${times(({ latest }) => latest)}::timestamptz[]) AS said (id, earliest, likely, latest)
        JOIN runs USING (id) WHERE state = 'queued' AND placed_at IS NULL
        ON CONFLICT DO NOTHING`;
    },

    async settle() {
      await database.$executeRaw`
        UPDATE start_estimates SET started_at = device_uses.started_at FROM device_uses
        WHERE start_estimates.started_at IS NULL AND device_uses.run_id = start_estimates.run_id AND device_uses.queued_at = start_estimates.queued_at`;
      await database.$executeRaw`DELETE FROM start_estimates WHERE made_at < now() - make_interval(days => ${KEPT_DAYS}::int)`;
    },

    async accuracy(since) {
      const [row] = await database.$queryRaw<Accuracy[]>`
        SELECT count(*)::int AS count,
          percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(extract(epoch FROM started_at - likely)))::float8 AS "medianErrorSeconds",
          avg((started_at BETWEEN earliest - make_interval(secs => ${GRACE_SECONDS}::float8) AND coalesce(latest, 'infinity') + make_interval(secs => ${GRACE_SECONDS}::float8))::int)::float8 AS "withinInterval"
        FROM start_estimates WHERE started_at >= ${since.toISOString()}::timestamptz`;
      return row!;
    },
  };
}

// What was said of when runs would start, held against when they did.
import type { Database } from '../db/client.js';
import { calibrated, type Calibration } from './calibration.js';
import type { Standing } from './outlook.js';

export interface Accuracy {
  count: number;
  medianErrorSeconds: number | null;
  withinInterval: number | null;
}

export interface Estimates {
  /** The first word on each run since it waits, as it is told; later ones change nothing. @param now when they were found, in milliseconds since the epoch */
  note(standings: readonly Pick<Standing, 'runId' | 'likely' | 'earliest' | 'latest'>[], now: number): Promise<void>;
  /** Looks which have started since, and forgets old ones. */
  settle(): Promise<void>;
  /** From what was forecast since. */
  calibration(since: Date): Promise<Calibration>;
  /** Of runs that have started since. */
  accuracy(since: Date): Promise<Accuracy>;
}

const KEPT_DAYS = 30;
export const WEEK_MS = 7 * 24 * 3600_000;
/** Of what was to start at once nothing is learnt. */
const LEAST_WAIT_SECONDS = 5;
/** Times are rounded to it: the scheduler looks about so often. */
const GRACE_SECONDS = 1;

export function createEstimates(database: Database): Estimates {
  /** Those that still wait past their forecast count as if they started now: else a box that only gets fuller would look fine. */
  async function calibrationSince(since: Date): Promise<Calibration> {
    const [row] = await database.$queryRaw<{ count: number; parts: number[] | null }[]>`
      SELECT count(*)::int AS count, percentile_cont(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY part) AS parts FROM (
        SELECT extract(epoch FROM coalesce(start_estimates.started_at, now()) - made_at)::float8 / extract(epoch FROM forecast - made_at)::float8 AS part
        FROM start_estimates LEFT JOIN runs ON runs.id = run_id
        WHERE made_at >= ${since.toISOString()}::timestamptz AND forecast > made_at + make_interval(secs => ${LEAST_WAIT_SECONDS}::float8)
          AND (start_estimates.started_at IS NOT NULL OR (forecast < now() AND runs.state = 'queued' AND runs.queued_at = start_estimates.queued_at))
      ) AS parts`;
    const [p10 = 1, p50 = 1, p90 = 1] = row?.parts ?? [];
    return { count: row?.count ?? 0, p10, p50, p90 };
  }

  return {
    calibration: calibrationSince,

    async note(standings, now) {
      const forecasts = standings.filter(({ likely, earliest }) => likely !== null && earliest !== null);
      if (forecasts.length === 0) return;
      const calibration = await calibrationSince(new Date(now - WEEK_MS));
      const known = forecasts.map((standing) => ({ ...calibrated(standing, calibration, now), forecast: standing.likely }));
      const times = (of: (standing: (typeof known)[number]) => number | null) => known.map((standing) => { const at = of(standing); return at === null ? null : new Date(at).toISOString(); });
      await database.$executeRaw`
        INSERT INTO start_estimates (run_id, queued_at, made_at, forecast, earliest, likely, latest)
        SELECT runs.id, queued_at, ${new Date(now).toISOString()}::timestamptz, forecast, earliest, likely, latest
        FROM unnest(${known.map(({ runId }) => runId)}::uuid[], ${times(({ forecast }) => forecast)}::timestamptz[], ${times(({ earliest }) => earliest)}::timestamptz[], ${times(({ likely }) => likely)}::timestamptz[], ${times(({ latest }) => latest)}::timestamptz[]) AS said (id, forecast, earliest, likely, latest)
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
          avg((started_at BETWEEN earliest - make_interval(secs => ${GRACE_SECONDS}::float8) AND latest + make_interval(secs => ${GRACE_SECONDS}::float8))::int) FILTER (WHERE latest IS NOT NULL)::float8 AS "withinInterval"
        FROM start_estimates WHERE started_at >= ${since.toISOString()}::timestamptz`;
      return row!;
    },
  };
}

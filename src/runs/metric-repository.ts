// Metric curves, stored as columnar chunks: arrays of steps and values with their min and max, not a
// row a point. Only the lease-holding supervisor writes, inside the event log's statement.
import { Prisma, type Database, type DatabaseSession } from '../db/client.js';
import type { NewEvent } from '../schemas/event.js';
import { fromMetricValue } from './metric-values.js';
import { storableText } from './storable-text.js';

/** A chunk of them stays within its row; a longer one would be compressed, and opened again, at every append. */
export const CHUNK_POINTS = 128;

export interface Curve {
  key: string;
  steps: number[];
  values: number[];
}

export interface SeriesInfo {
  key: string;
  count: number;
  last: number | null;
}

/** The curves that a batch of events adds to: `batch/*` by step, `epoch/*` by epoch. */
export function curvesOf(events: readonly NewEvent[]): Curve[] {
  const curves = new Map<string, Curve>();
  const curve = (key: string) => {
    const found = curves.get(key) ?? { key, steps: [], values: [] };
    curves.set(key, found);
    return found;
  };
  for (const event of events) {
    if (event.kind === 'metrics') {
      for (const [name, values] of Object.entries(event.data.series)) {
        const to = curve(`batch/${name}`);
        to.steps.push(...event.data.steps);
        to.values.push(...values.map(fromMetricValue));
      }
    } else if (event.kind === 'epoch') {
      for (const [name, value] of Object.entries(event.data.metrics)) {
        const to = curve(`epoch/${name}`);
        to.steps.push(event.data.epoch);
        to.values.push(fromMetricValue(value));
      }
    }
  }
  return [...curves.values()].filter(({ steps }) => steps.length > 0);
}

// Values cross as text: the driver's JSON would turn NaN and infinities into null. `String` loses the sign of -0.
const asText = (values: readonly number[]) => values.map((value) => (Object.is(value, -0) ? '-0' : String(value)));

const asArray = (numbers: readonly string[]) => `{${numbers.join()}}`;

/**
 * The part of an append statement that adds points to the curves of one attempt, after the row source `held`, which is
 * empty where the attempt may not write. New points fill the last chunk before they make others.
 */
export function curveAppends(run: { runId: string; attempt: number }, curves: readonly Curve[]): Prisma.Sql {
  if (curves.length === 0) return Prisma.empty;
  const keys = curves.map(({ key }) => key);
  const steps = curves.map((curve) => asArray(curve.steps.map(String)));
  const values = curves.map((curve) => asArray(asText(curve.values)));
  return Prisma.sql`
    , added AS (
      SELECT key, cardinality(steps::int[]) AS count, steps::int[] AS steps, values::float8[] AS values
      FROM held, unnest(${keys}::text[], ${steps}::text[], ${values}::text[]) AS curve (key, steps, values)
    ), series AS (
      INSERT INTO metric_series (run_id, attempt, key, count, last)
      SELECT ${run.runId}::uuid, ${run.attempt}::int, key, count, values[count] FROM added
      ON CONFLICT (run_id, attempt, key) DO UPDATE SET count = metric_series.count + excluded.count, last = excluded.last
      RETURNING id, key, count
    ), placed AS (
      SELECT series.id, added.steps, added.values, series.count AS after, series.count - added.count AS before FROM series JOIN added USING (key)
    ), cut AS (
      SELECT id, index, steps[first:last] AS steps, values[first:last] AS values
      FROM placed,
        generate_series(before / ${CHUNK_POINTS}::int, (after - 1) / ${CHUNK_POINTS}::int) AS index,
        LATERAL (SELECT greatest(index * ${CHUNK_POINTS}::int - before, 0) + 1 AS first, (index + 1) * ${CHUNK_POINTS}::int - before AS last) AS stretch
    ), chunks AS (
      INSERT INTO metric_chunks AS chunk (series_id, index, count, min, max, steps, values)
      SELECT id, index, cardinality(steps), extremes.min, extremes.max, steps, values
      FROM cut, LATERAL (SELECT min(value), max(value) FROM unnest(values) AS value WHERE value <> 'NaN') AS extremes
      ON CONFLICT (series_id, index) DO UPDATE SET
        count = chunk.count + excluded.count, min = LEAST(chunk.min, excluded.min), max = GREATEST(chunk.max, excluded.max),
        steps = chunk.steps || excluded.steps, values = chunk.values || excluded.values
    )`;
}

/**
 * Hands the curves of the attempt before `to` on to it, without the points after `step`, and after `epoch` in those by
 * epoch.
 */
export async function rewindCurves(session: DatabaseSession, runId: string, { to, step, epoch }: { to: number; step: number; epoch: number }): Promise<void> {
  await session.$executeRaw`UPDATE metric_series SET attempt = ${to} WHERE run_id = ${runId}::uuid AND attempt = ${to - 1}`;
  await session.$executeRaw`
    WITH void AS (
      SELECT chunk.series_id, chunk.index, kept.count
      FROM metric_series series
      CROSS JOIN LATERAL (SELECT CASE WHEN series.key LIKE 'epoch/%' THEN ${epoch}::int ELSE ${step}::int END AS last) AS bound
      JOIN metric_chunks chunk ON chunk.series_id = series.id AND chunk.steps[cardinality(chunk.steps)] > bound.last
      CROSS JOIN LATERAL (SELECT count(*)::int AS count FROM unnest(chunk.steps) AS at WHERE at <= bound.last) AS kept
      WHERE series.run_id = ${runId}::uuid AND series.attempt = ${to}
    ), gone AS (
      DELETE FROM metric_chunks chunk USING void WHERE (chunk.series_id, chunk.index) = (void.series_id, void.index) AND void.count = 0
    )
    UPDATE metric_chunks chunk SET
      count = void.count, steps = chunk.steps[1:void.count], values = chunk.values[1:void.count],
      min = (SELECT min(value) FROM unnest(chunk.values[1:void.count]) AS value WHERE value <> 'NaN'),
      max = (SELECT max(value) FROM unnest(chunk.values[1:void.count]) AS value WHERE value <> 'NaN')
    FROM void WHERE (chunk.series_id, chunk.index) = (void.series_id, void.index) AND void.count > 0`;
  await session.$executeRaw`
    UPDATE metric_series series SET
      count = (SELECT COALESCE(sum(count), 0)::int FROM metric_chunks WHERE series_id = series.id),
      last = (SELECT values[count] FROM metric_chunks WHERE series_id = series.id ORDER BY index DESC LIMIT 1)
    WHERE run_id = ${runId}::uuid AND attempt = ${to}`;
  await session.$executeRaw`DELETE FROM metric_series WHERE run_id = ${runId}::uuid AND attempt = ${to} AND count = 0`;
}

export interface MetricRepository {
  /** The curves of the run's latest attempt. */
  listSeries(runId: string): Promise<SeriesInfo[]>;
  /** All points of one curve of the latest attempt, in order; null when there is no such curve. */
  findCurve(runId: string, key: string): Promise<Curve | null>;
}

export function createMetricRepository(database: Database): MetricRepository {
  return {
    async listSeries(runId) {
      const rows = await database.$queryRaw<{ key: string; count: number; last: string | null }[]>`
        SELECT s.key, s.count, s.last::text AS last FROM metric_series s JOIN runs r ON r.id = s.run_id
        WHERE s.run_id = ${runId}::uuid AND s.attempt = r.attempt ORDER BY s.key`;
      return rows.map((row) => ({ key: row.key, count: row.count, last: row.last === null ? null : Number(row.last) }));
    },

    async findCurve(runId, key) {
      const series = await database.$queryRaw<{ id: bigint }[]>`
        SELECT s.id FROM metric_series s JOIN runs r ON r.id = s.run_id
        WHERE s.run_id = ${runId}::uuid AND s.key = ${storableText(key)} AND s.attempt = r.attempt`;
      const found = series[0];
      if (found === undefined) return null;
      const chunks = await database.$queryRaw<{ steps: number[]; values: string[] }[]>`
        SELECT steps, values::text[] AS values FROM metric_chunks WHERE series_id = ${found.id} ORDER BY index`;
      return { key, steps: chunks.flatMap((chunk) => chunk.steps), values: chunks.flatMap((chunk) => chunk.values.map(Number)) };
    },
  };
}

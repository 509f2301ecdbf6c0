// How metric curves are written: as columnar chunks, arrays of steps and values with a summary, not a row a
// point. Only the lease-holding supervisor writes, inside the event log's statement.
import { Prisma, type DatabaseSession } from '../db/client.js';
import type { NewEvent } from '../schemas/event.js';
import { CHUNK_POINTS } from './buckets.js';
import { fromMetricValue } from './values.js';

export interface Curve {
  key: string;
  steps: number[];
  values: number[];
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

/** PostgreSQL refuses a sum that overflows. A chunk with a larger value has no sum, and is read whole when one is wanted. */
const MAX_SUMMED = Prisma.sql`'1e290'::float8`;

/** The summary of an array that is not empty, as a row. */
const summaryOf = (values: Prisma.Sql) => Prisma.sql`(
  SELECT
    min(value) FILTER (WHERE value <> 'NaN') AS min, max(value) FILTER (WHERE value <> 'NaN') AS max,
    CASE WHEN bool_and(abs(value) < ${MAX_SUMMED} OR value = 'NaN') THEN COALESCE(sum(value) FILTER (WHERE abs(value) < ${MAX_SUMMED}), 0) END AS sum,
    count(*) FILTER (WHERE value = 'NaN') AS nan
  FROM unnest(${values}) AS value
)`;

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
      INSERT INTO metric_chunks AS chunk (series_id, index, count, min, max, sum, nan, steps, values)
      SELECT id, index, cardinality(steps), summary.*, steps, values FROM cut, LATERAL ${summaryOf(Prisma.sql`values`)} AS summary
      ON CONFLICT (series_id, index) DO UPDATE SET
        count = chunk.count + excluded.count, min = LEAST(chunk.min, excluded.min), max = GREATEST(chunk.max, excluded.max),
        sum = chunk.sum + excluded.sum, nan = chunk.nan + excluded.nan,
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
      SELECT chunk.series_id, chunk.index, kept.count, summary.*
      FROM metric_series series
      CROSS JOIN LATERAL (SELECT CASE WHEN series.key LIKE 'epoch/%' THEN ${epoch}::int ELSE ${step}::int END AS last) AS bound
      JOIN metric_chunks chunk ON chunk.series_id = series.id AND chunk.steps[cardinality(chunk.steps)] > bound.last
      CROSS JOIN LATERAL (SELECT count(*)::int AS count FROM unnest(chunk.steps) AS at WHERE at <= bound.last) AS kept
      CROSS JOIN LATERAL ${summaryOf(Prisma.sql`chunk.values[1:kept.count]`)} AS summary
      WHERE series.run_id = ${runId}::uuid AND series.attempt = ${to}
    ), gone AS (
      DELETE FROM metric_chunks chunk USING void WHERE (chunk.series_id, chunk.index) = (void.series_id, void.index) AND void.count = 0
    )
    UPDATE metric_chunks chunk SET
      count = void.count, min = void.min, max = void.max, sum = void.sum, nan = void.nan,
      steps = chunk.steps[1:void.count], values = chunk.values[1:void.count]
    FROM void WHERE (chunk.series_id, chunk.index) = (void.series_id, void.index) AND void.count > 0`;
  await session.$executeRaw`
    UPDATE metric_series series SET
      count = (SELECT COALESCE(sum(count), 0)::int FROM metric_chunks WHERE series_id = series.id),
      last = (SELECT values[count] FROM metric_chunks WHERE series_id = series.id ORDER BY index DESC LIMIT 1)
    WHERE run_id = ${runId}::uuid AND attempt = ${to}`;
  await session.$executeRaw`DELETE FROM metric_series WHERE run_id = ${runId}::uuid AND attempt = ${to} AND count = 0`;
}

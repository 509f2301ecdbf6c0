// Metric curves, stored as columnar chunks: arrays of steps and values with their min and max, not a
// row a point. Only the lease-holding supervisor writes, inside the event log's transaction.
import { Prisma, type Database, type DatabaseSession } from '../db/client.js';
import type { NewEvent } from '../schemas/event.js';
import { fromMetricValue } from './metric-values.js';
import { storableText } from './storable-text.js';

export const CHUNK_POINTS = 1024;

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

/** Cuts points into chunks: the first fills what `before` points left of the last chunk. */
export function chunksOf(curve: Curve, before: number) {
  const chunks: { index: number; steps: number[]; values: number[] }[] = [];
  for (let at = 0; at < curve.steps.length; ) {
    const index = Math.floor((before + at) / CHUNK_POINTS);
    const size = Math.min((index + 1) * CHUNK_POINTS - before - at, curve.steps.length - at);
    chunks.push({ index, steps: curve.steps.slice(at, at + size), values: curve.values.slice(at, at + size) });
    at += size;
  }
  return chunks;
}

// Values cross as text: the driver's JSON would turn NaN and infinities into null. `String` loses the sign of -0.
const asText = (values: readonly number[]) => values.map((value) => (Object.is(value, -0) ? '-0' : String(value)));

/** Appends points to the curves of one attempt. */
export async function appendCurves(session: DatabaseSession, run: { runId: string; attempt: number }, curves: readonly Curve[]): Promise<void> {
  if (curves.length === 0) return;
  const rows = curves.map((curve) => Prisma.sql`(${run.runId}::uuid, ${run.attempt}, ${curve.key}, ${curve.steps.length}, ${String(curve.values.at(-1))}::float8)`);
  const series = await session.$queryRaw<{ id: bigint; key: string; count: number }[]>`
    INSERT INTO metric_series (run_id, attempt, key, count, last) VALUES ${Prisma.join(rows)}
    ON CONFLICT (run_id, attempt, key) DO UPDATE SET count = metric_series.count + excluded.count, last = excluded.last
    RETURNING id, key, count`;
  const byKey = new Map(series.map((row) => [row.key, row]));
  const chunks = curves.flatMap((curve) => {
    const row = byKey.get(curve.key);
    if (row === undefined) throw new Error(`no series row for ${curve.key}`);
    return chunksOf(curve, row.count - curve.steps.length).map((chunk) => {
      const numbers = chunk.values.filter((value) => !Number.isNaN(value));
      const min = numbers.length > 0 ? String(numbers.reduce((a, b) => Math.min(a, b))) : null;
      const max = numbers.length > 0 ? String(numbers.reduce((a, b) => Math.max(a, b))) : null;
      return Prisma.sql`(${row.id}, ${chunk.index}, ${chunk.steps.length}, ${min}::float8, ${max}::float8, ${chunk.steps}::int[], ${asText(chunk.values)}::text[]::float8[])`;
    });
  });
  await session.$executeRaw`
    INSERT INTO metric_chunks AS c (series_id, index, count, min, max, steps, values) VALUES ${Prisma.join(chunks)}
    ON CONFLICT (series_id, index) DO UPDATE SET
      count = c.count + excluded.count, min = LEAST(c.min, excluded.min), max = GREATEST(c.max, excluded.max),
      steps = c.steps || excluded.steps, values = c.values || excluded.values`;
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

// Reads metric curves. A long part of one is told by its chunks' summaries; the points themselves are fetched only
// where a bucket starts or ends within a chunk.
import { Prisma, type Database, type DatabaseSession } from '../db/client.js';
import { sentArrays } from '../db/sent-arrays.js';
import { bucketsOf, startOf, type Buckets, type Chunk, type Points } from './buckets.js';
import { CHUNK_POINTS } from './metric-chunks.js';
import { storableText } from './storable-text.js';

export interface SeriesInfo {
  key: string;
  count: number;
  last: number | null;
}

export interface CurveQuery {
  /** A part with more points is told in so many buckets. */
  maxPoints: number;
  /** The part from this step on, and up to this one. */
  fromStep: number;
  toStep: number;
}

/** A part of a curve, and how long the whole is. */
export type CurvePart = { count: number; last: number } & ({ points: Points; buckets?: never } | { buckets: Buckets; points?: never });

export interface MetricRepository {
  /** The curves of the run's latest attempt. */
  listSeries(runId: string): Promise<SeriesInfo[]>;
  /** A part of one curve of the latest attempt; null when there is no such curve. */
  findCurve(runId: string, key: string, query: CurveQuery): Promise<CurvePart | null>;
}

/** A part of a curve by places, which count its points from 0: from `start` on, before `end`. */
interface Place {
  id: bigint;
  count: number;
  last: number;
  start: number;
  end: number;
}

const chunkOf = (place: number) => Math.floor(place / CHUNK_POINTS);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

async function findPlace(session: DatabaseSession, { runId, key, fromStep, toStep }: CurveQuery & { runId: string; key: string }): Promise<Place | null> {
  const placeAfter = (step: number) => Prisma.sql`COALESCE((
    SELECT index * ${CHUNK_POINTS}::int + width_bucket(${step}::int, steps) FROM metric_chunks
    WHERE series_id = series.id AND steps[1] <= ${step}::int ORDER BY index DESC LIMIT 1), 0)`;
  const rows = await session.$queryRaw<{ id: bigint; count: number; last: string; start: number; end: number }[]>`
    SELECT series.id, series.count, series.last::text AS last,
      ${fromStep === 0 ? Prisma.sql`0` : placeAfter(fromStep - 1)} AS start, ${toStep === Infinity ? Prisma.sql`series.count` : placeAfter(toStep)} AS "end"
    FROM metric_series series JOIN runs ON runs.id = series.run_id
    WHERE series.run_id = ${runId}::uuid AND series.key = ${storableText(key)} AND series.attempt = runs.attempt`;
  const row = rows[0];
  return row === undefined ? null : { ...row, last: Number(row.last), end: Math.max(row.start, row.end) };
}

async function readPoints(session: DatabaseSession, id: bigint, indexes: readonly number[]): Promise<Points[]> {
  const [columns] = await session.$queryRaw<[{ steps: string | null; values: string | null }]>`
    SELECT encode(string_agg(array_send(steps), '' ORDER BY index), 'base64') AS steps, encode(string_agg(array_send(values), '' ORDER BY index), 'base64') AS values
    FROM metric_chunks WHERE series_id = ${id} AND index = ANY(${indexes}::int[])`;
  const values = sentArrays(columns.values ?? '', 'double');
  return sentArrays(columns.steps ?? '', 'int').map((steps, at) => ({ steps, values: values[at]! }));
}

/** In the order of the chunks, those from `first` to `last`. */
async function readSummaries(session: DatabaseSession, id: bigint, { first, last }: { first: number; last: number }) {
  const column = (name: string, none: string) => Prisma.raw(`encode(array_send(array_agg(COALESCE(${name}, ${none}) ORDER BY index)), 'base64') AS ${name}`);
  const [columns] = await session.$queryRaw<[{ min: string; max: string; sum: string; nan: string }]>`
    SELECT ${column('min', "'NaN'")}, ${column('max', "'NaN'")}, ${column('sum', "'NaN'")}, ${column('nan', '0')}
    FROM metric_chunks WHERE series_id = ${id} AND index BETWEEN ${first} AND ${last}`;
  const [min = [], max = [], sum = []] = [columns.min, columns.max, columns.sum].map((text) => sentArrays(text, 'double')[0]!);
  const [nan = []] = sentArrays(columns.nan, 'int');
  return nan.map((_, at) => ({ min: min[at]!, max: max[at]!, sum: sum[at]!, nan: nan[at]! }));
}

async function readPart(session: DatabaseSession, place: Place): Promise<Points> {
  const { start, end } = place;
  if (start === end) return { steps: [], values: [] };
  const chunks = await readPoints(session, place.id, range(chunkOf(start), chunkOf(end - 1) + 1));
  const part = (column: keyof Points) => chunks.flatMap((points) => points[column]).slice(start % CHUNK_POINTS, (start % CHUNK_POINTS) + end - start);
  return { steps: part('steps'), values: part('values') };
}

async function readBuckets(session: DatabaseSession, { id, count, start, end }: Place, buckets: number): Promise<Buckets> {
  const cut = { skip: start % CHUNK_POINTS, length: end - start, buckets };
  const first = chunkOf(start);
  const summaries = await readSummaries(session, id, { first, last: chunkOf(end - 1) });
  const wanted = new Set(summaries.flatMap(({ sum }, at) => (Number.isNaN(sum) ? [first + at] : [])));
  for (let index = 0; index < buckets; index += 1) {
    wanted.add(chunkOf(start + startOf(index, cut)));
    wanted.add(chunkOf(start + startOf(index + 1, cut) - 1));
  }
  const indexes = [...wanted].sort((a, b) => a - b);
  const points = await readPoints(session, id, indexes);
  const pointsOf = new Map(indexes.map((index, at) => [index, points[at]!]));
  const chunks = summaries.map((about, at): Chunk => {
    const size = Math.min(CHUNK_POINTS, count - (first + at) * CHUNK_POINTS);
    const known = pointsOf.get(first + at);
    return {
      count: size,
      ...(Number.isNaN(about.sum) ? {} : { summary: { ...about, finite: size - about.nan } }),
      ...(known === undefined ? {} : { points: known }),
    };
  });
  return bucketsOf(chunks, cut);
}

export function createMetricRepository(database: Database): MetricRepository {
  return {
    async listSeries(runId) {
      const rows = await database.$queryRaw<{ key: string; count: number; last: string | null }[]>`
        SELECT s.key, s.count, s.last::text AS last FROM metric_series s JOIN runs r ON r.id = s.run_id
        WHERE s.run_id = ${runId}::uuid AND s.attempt = r.attempt ORDER BY s.key`;
      return rows.map((row) => ({ key: row.key, count: row.count, last: row.last === null ? null : Number(row.last) }));
    },

    findCurve(runId, key, query) {
      // Of one snapshot: an attempt that goes on from an earlier step takes points away.
      return database.$transaction(
        async (session) => {
          const place = await findPlace(session, { runId, key, ...query });
          if (place === null) return null;
          const { count, last, start, end } = place;
          if (end - start <= query.maxPoints) return { count, last, points: await readPart(session, place) };
          return { count, last, buckets: await readBuckets(session, place, query.maxPoints) };
        },
        { isolationLevel: 'RepeatableRead' },
      );
    },
  };
}

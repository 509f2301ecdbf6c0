// Reads metric curves. A long part of one is told by its chunks' summaries; the points themselves are fetched only
// where a bucket starts or ends within a chunk.
import { Prisma, type Database, type DatabaseSession } from '../db/client.js';
import { sentArrays } from '../db/sent-arrays.js';
import { CHUNK_POINTS, startsOf, sumUp, type Buckets, type Chunk, type Points, type Summary } from './buckets.js';
import { storableText } from '../db/storable-text.js';

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
/** Points of a chunk: all, but in the last one of the curve. */
const sizeOf = (index: number, { count }: Pick<Place, 'count'>) => Math.min(CHUNK_POINTS, count - index * CHUNK_POINTS);

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

const inBase64 = (bytes: Prisma.Sql) => Prisma.sql`encode(${bytes}, 'base64')`;
/** The column of the chunks in order, one array after the other. */
const inOrder = (column: string) => inBase64(Prisma.sql`string_agg(array_send(${Prisma.raw(column)}), '' ORDER BY index)`);

async function readPart(session: DatabaseSession, { id, start, end }: Place): Promise<Points> {
  if (start === end) return { steps: [], values: [] };
  const [columns] = await session.$queryRaw<[{ steps: string; values: string }]>`
    SELECT ${inOrder('steps')} AS steps, ${inOrder('values')} AS values
    FROM metric_chunks WHERE series_id = ${id} AND index BETWEEN ${chunkOf(start)} AND ${chunkOf(end - 1)}`;
  const part = (arrays: number[][]) => arrays.flat().slice(start % CHUNK_POINTS, (start % CHUNK_POINTS) + end - start);
  return { steps: part(sentArrays(columns.steps, 'int')), values: part(sentArrays(columns.values, 'double')) };
}

/** Of the chunks from `first` to `last`, in order; undefined where a chunk has none. */
async function readSummaries(session: DatabaseSession, place: Place, { first, last }: { first: number; last: number }): Promise<(Summary | undefined)[]> {
  const column = (name: string, none: string) => inBase64(Prisma.raw(`array_send(array_agg(COALESCE(${name}, ${none}) ORDER BY index))`));
  const [columns] = await session.$queryRaw<[Record<'min' | 'max' | 'sum' | 'nan', string>]>`
    SELECT ${column('min', "'NaN'")} AS min, ${column('max', "'NaN'")} AS max, ${column('sum', "'NaN'")} AS sum, ${column('nan', '0')} AS nan
    FROM metric_chunks WHERE series_id = ${place.id} AND index BETWEEN ${first} AND ${last}`;
  const [min = [], max = [], sum = []] = [columns.min, columns.max, columns.sum].map((text) => sentArrays(text, 'double')[0]!);
  const [nan = []] = sentArrays(columns.nan, 'int');
  return sum.map((sum, at) => (Number.isNaN(sum) ? undefined : { min: min[at]!, max: max[at]!, sum, finite: sizeOf(first + at, place) - nan[at]!, nan: nan[at]! }));
}

/** The values of whole chunks, and single points by their places, in the order asked. */
async function readLooked(session: DatabaseSession, id: bigint, { indexes, places }: { indexes: readonly number[]; places: readonly number[] }) {
  const at = Prisma.sql`[at % ${CHUNK_POINTS}::int + 1]`;
  const [columns] = await session.$queryRaw<[{ whole: string | null; steps: string; values: string }]>`
    WITH chunk AS MATERIALIZED (SELECT index, steps, values FROM metric_chunks WHERE series_id = ${id} AND index = ANY(${[...new Set(places.map(chunkOf))]}::int[]))
    SELECT single.*, (SELECT ${inOrder('values')} FROM metric_chunks WHERE series_id = ${id} AND index = ANY(${indexes}::int[])) AS whole
    FROM (
      SELECT ${inBase64(Prisma.sql`array_send(array_agg(steps${at} ORDER BY number))`)} AS steps, ${inBase64(Prisma.sql`array_send(array_agg(values${at} ORDER BY number))`)} AS values
      FROM unnest(${places}::int[]) WITH ORDINALITY AS place (at, number) JOIN chunk ON index = at / ${CHUNK_POINTS}::int
    ) AS single`;
  const whole = sentArrays(columns.whole ?? '', 'double');
  return { whole: new Map(indexes.map((index, at) => [index, whole[at]!])), steps: sentArrays(columns.steps, 'int')[0]!, values: sentArrays(columns.values, 'double')[0]! };
}

async function readBuckets(session: DatabaseSession, place: Place, buckets: number): Promise<Buckets> {
  const { id, start, end } = place;
  const skip = start % CHUNK_POINTS;
  const starts = startsOf({ skip, length: end - start, buckets });
  const first = chunkOf(start);
  const summaries = await readSummaries(session, place, { first, last: chunkOf(end - 1) });
  const looked = new Set<number>();
  // A bucket that starts where a chunk does needs nothing of it, and neither does the end of the curve.
  for (const at of starts) if ((start + at) % CHUNK_POINTS !== 0 && start + at !== place.count) looked.add(chunkOf(start + at));
  summaries.forEach((summary, at) => summary ?? looked.add(first + at));
  const places = [...starts.slice(0, -1).map((at) => start + at), ...starts.slice(1).map((at) => start + at - 1)];
  const { whole, steps, values } = await readLooked(session, id, { indexes: [...looked].sort((a, b) => a - b), places });
  const chunks = summaries.map((summary, at): Chunk => ({ count: sizeOf(first + at, place), summary, values: whole.get(first + at) }));
  const edges = { from: steps.slice(0, buckets), to: steps.slice(buckets), first: values.slice(0, buckets), last: values.slice(buckets) };
  return { ...edges, ...sumUp(chunks, { skip, starts }) };
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

// Reads metric curves. A long part of one is told by its chunks' summaries; the points themselves are fetched only
// where a bucket starts or ends within a chunk.
import { Prisma, type Database, type DatabaseSession } from '../db/client.js';
import { sentArrays, sentNumbers } from '../db/sent-arrays.js';
import { CHUNK_POINTS, cutPoints, isDense, startsOf, sumUp, type Buckets, type Chunk, type Points, type Summary } from './buckets.js';
import { storableText } from '../db/storable-text.js';
import { createGate } from '../gate.js';

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

export interface CurveName {
  runId: string;
  key: string;
}

export interface MetricRepository {
  /** The curves of the run's latest attempt. */
  listSeries(runId: string): Promise<SeriesInfo[]>;
  /** The same part of each of these curves of their runs' latest attempts, in this order; null where there is no such curve. */
  findCurves(curves: readonly CurveName[], query: CurveQuery): Promise<(CurvePart | null)[]>;
}

/** A part of a curve by places, which count its points from 0: from `start` on, before `end`. */
interface Place {
  /** Its number among the curves that are asked for. */
  number: number;
  id: bigint;
  count: number;
  last: number;
  start: number;
  end: number;
}

const chunkOf = (place: number) => Math.floor(place / CHUNK_POINTS);
/** Points of a chunk: all, but in the last one of the curve. */
const sizeOf = (index: number, { count }: Pick<Place, 'count'>) => Math.min(CHUNK_POINTS, count - index * CHUNK_POINTS);

async function findPlaces(session: DatabaseSession, curves: readonly CurveName[], { fromStep, toStep }: CurveQuery): Promise<Place[]> {
  const placeAfter = (step: number) => Prisma.sql`COALESCE((
    SELECT index * ${CHUNK_POINTS}::int + width_bucket(${step}::int, steps) FROM metric_chunks
    WHERE series_id = series.id AND steps[1] <= ${step}::int ORDER BY index DESC LIMIT 1), 0)`;
  const rows = await session.$queryRaw<{ number: number; id: bigint; count: number; last: string; start: number; end: number }[]>`
    SELECT number::int, series.id, series.count, series.last::text AS last,
      ${fromStep === 0 ? Prisma.sql`0` : placeAfter(fromStep - 1)} AS start, ${toStep === Infinity ? Prisma.sql`series.count` : placeAfter(toStep)} AS "end"
    FROM unnest(${curves.map(({ runId }) => runId)}::uuid[], ${curves.map(({ key }) => storableText(key))}::text[]) WITH ORDINALITY AS curve (run_id, key, number)
    JOIN metric_series series ON series.run_id = curve.run_id AND series.key = curve.key
    JOIN runs ON runs.id = series.run_id AND runs.attempt = series.attempt`;
  return rows.map((row) => ({ ...row, number: row.number - 1, last: Number(row.last), end: Math.max(row.start, row.end) }));
}

const inBase64 = (bytes: Prisma.Sql) => Prisma.sql`encode(${bytes}, 'base64')`;
/** The column of the chunks in order, one array after the other. */
const inOrder = (column: string) => inBase64(Prisma.sql`string_agg(array_send(${Prisma.raw(column)}), '' ORDER BY chunk.index)`);

/** The same of the steps, of which only the first is told where one follows the other, as nearly always: they are half of what is sent. */
const STEPS_IN_ORDER = inBase64(Prisma.sql`string_agg(array_send(CASE WHEN steps[cardinality(steps)] - steps[1] = cardinality(steps) - 1 THEN steps[1:1] ELSE steps END), '' ORDER BY chunk.index)`);

/** A chunk of the part. */
const isWithin = Prisma.sql`chunk.series_id = part.id AND chunk.index BETWEEN part.first AND part.last`;
const partsOf = (places: readonly Place[]) => Prisma.sql`unnest(${places.map(({ number }) => number)}::int[], ${places.map(({ id }) => id)}::bigint[], ${places.map(({ start }) => chunkOf(start))}::int[], ${places.map(({ end }) => chunkOf(end - 1))}::int[]) AS part (number, id, first, last)`;

const byNumber = <T extends { number: number }>(rows: readonly T[]) => new Map(rows.map((row) => [row.number, row]));

async function readPoints(session: DatabaseSession, places: readonly Place[]): Promise<Map<number, Points>> {
  const filled = places.filter(({ start, end }) => start < end);
  const rows = filled.length === 0 ? [] : await session.$queryRaw<{ number: number; steps: string; values: string }[]>`
    SELECT number, columns.* FROM ${partsOf(filled)}
    CROSS JOIN LATERAL (SELECT ${STEPS_IN_ORDER} AS steps, ${inOrder('values')} AS values FROM metric_chunks chunk WHERE ${isWithin}) columns`;
  const found = byNumber(rows);
  return new Map(places.map(({ number, start, end }) => {
    const columns = found.get(number);
    const part = (numbers: number[]) => numbers.slice(start % CHUNK_POINTS, (start % CHUNK_POINTS) + end - start);
    const values = sentNumbers(columns?.values ?? '', 'double');
    return [number, { steps: part(stepsOf(sentArrays(columns?.steps ?? '', 'int'), values.length)), values: part(values) }];
  }));
}

/** @param total points of the chunks; all of them but the last are full */
function stepsOf(chunks: readonly number[][], total: number): number[] {
  const steps: number[] = [];
  chunks.forEach((told, index) => {
    const size = Math.min(CHUNK_POINTS, total - index * CHUNK_POINTS);
    for (let at = 0; at < size; at += 1) steps.push(told.length === 1 ? told[0]! + at : told[at]!);
  });
  return steps;
}

/** Of the chunks of each part, in order; undefined where a chunk has none. */
async function readSummaries(session: DatabaseSession, places: readonly Place[]): Promise<Map<number, (Summary | undefined)[]>> {
  const column = (name: string, none: string) => inBase64(Prisma.raw(`array_send(array_agg(COALESCE(chunk.${name}, ${none}) ORDER BY chunk.index))`));
  const rows = byNumber(await session.$queryRaw<({ number: number } & Record<'min' | 'max' | 'sum' | 'nan', string>)[]>`
    SELECT number, ${column('min', "'NaN'")} AS min, ${column('max', "'NaN'")} AS max, ${column('sum', "'NaN'")} AS sum, ${column('nan', '0')} AS nan
    FROM ${partsOf(places)} JOIN metric_chunks chunk ON ${isWithin} GROUP BY number`);
  return new Map(places.map((place) => {
    const columns = rows.get(place.number)!;
    const [min = [], max = [], sum = []] = [columns.min, columns.max, columns.sum].map((text) => sentArrays(text, 'double')[0]!);
    const [nan = []] = sentArrays(columns.nan, 'int');
    const first = chunkOf(place.start);
    return [place.number, sum.map((sum, at) => (Number.isNaN(sum) ? undefined : { min: min[at]!, max: max[at]!, sum, finite: sizeOf(first + at, place) - nan[at]!, nan: nan[at]! }))];
  }));
}

/** What is read of one curve: the values of whole chunks, and single points by their places. */
interface Look {
  number: number;
  id: bigint;
  chunks: readonly number[];
  places: readonly number[];
}

interface Looked {
  whole: Map<number, readonly number[]>;
  /** In the order of the places. */
  steps: readonly number[];
  values: readonly number[];
}

async function readLooked(session: DatabaseSession, looks: readonly Look[]): Promise<Map<number, Looked>> {
  const table = (pick: (look: Look) => readonly number[]) => {
    const rows = looks.flatMap((look) => pick(look).map((at) => ({ number: look.number, id: look.id, at })));
    return Prisma.sql`unnest(${rows.map(({ number }) => number)}::int[], ${rows.map(({ id }) => id)}::bigint[], ${rows.map(({ at }) => at)}::int[])`;
  };
  const at = Prisma.sql`[place.at % ${CHUNK_POINTS}::int + 1]`;
  const single = (column: string) => inBase64(Prisma.sql`array_send(array_agg(${Prisma.raw(`chunk.${column}`)}${at} ORDER BY place.rank))`);
  const singles = await session.$queryRaw<{ number: number; steps: string; values: string }[]>`
    WITH chunk AS MATERIALIZED (SELECT look.number, index, steps, values FROM ${table(({ places }) => [...new Set(places.map(chunkOf))])} AS look (number, id, at) JOIN metric_chunks ON series_id = look.id AND index = look.at)
    SELECT place.number, ${single('steps')} AS steps, ${single('values')} AS values
    FROM ${table(({ places }) => places)} WITH ORDINALITY AS place (number, id, at, rank) JOIN chunk ON chunk.number = place.number AND chunk.index = place.at / ${CHUNK_POINTS}::int
    GROUP BY place.number`;
  const wholes = byNumber(await session.$queryRaw<{ number: number; values: string }[]>`
    SELECT look.number, ${inOrder('values')} AS values FROM ${table(({ chunks }) => chunks)} AS look (number, id, at)
    JOIN metric_chunks chunk ON chunk.series_id = look.id AND chunk.index = look.at GROUP BY look.number`);
  const found = byNumber(singles);
  return new Map(looks.map(({ number, chunks }) => {
    const { steps, values } = found.get(number)!;
    const whole = sentArrays(wholes.get(number)?.values ?? '', 'double');
    return [number, { whole: new Map(chunks.map((index, at) => [index, whole[at]!])), steps: sentArrays(steps, 'int')[0]!, values: sentArrays(values, 'double')[0]! }];
  }));
}

async function readBuckets(session: DatabaseSession, parts: readonly Place[], buckets: number): Promise<Map<number, Buckets>> {
  if (parts.length === 0) return new Map();
  const summaries = await readSummaries(session, parts);
  const cuts = parts.map((part) => {
    const { number, id, start, end, count } = part;
    const skip = start % CHUNK_POINTS;
    const first = chunkOf(start);
    const starts = startsOf({ skip, length: end - start, buckets });
    const looked = new Set<number>();
    // A bucket that starts where a chunk does needs nothing of it, and neither does the end of the curve.
    for (const at of starts) if ((start + at) % CHUNK_POINTS !== 0 && start + at !== count) looked.add(chunkOf(start + at));
    summaries.get(number)!.forEach((summary, at) => summary ?? looked.add(first + at));
    const places = [...starts.slice(0, -1).map((at) => start + at), ...starts.slice(1).map((at) => start + at - 1)];
    return { part, skip, first, starts, look: { number, id, chunks: [...looked].sort((a, b) => a - b), places } };
  });
  const looked = await readLooked(session, cuts.map(({ look }) => look));
  return new Map(cuts.map(({ part, skip, first, starts }) => {
    const { whole, steps, values } = looked.get(part.number)!;
    const chunks = summaries.get(part.number)!.map((summary, at): Chunk => ({ count: sizeOf(first + at, part), summary, values: whole.get(first + at) }));
    const edges = { from: steps.slice(0, buckets), to: steps.slice(buckets), first: values.slice(0, buckets), last: values.slice(buckets) };
    return [part.number, { ...edges, ...sumUp(chunks, { skip, starts }) }];
  }));
}

/** About as many values are looked at together: of a curve, a chunk for each bucket, or all its points. */
const VALUES_AT_ONCE = 2 ** 20;
/** Groups of curves under way for one request: while one is read, another is decoded; other requests need connections too. */
const GROUPS_AT_ONCE = 2;

export function createMetricRepository(database: Database): MetricRepository {
  return {
    async listSeries(runId) {
      const rows = await database.$queryRaw<{ key: string; count: number; last: string | null }[]>`
        SELECT s.key, s.count, s.last::text AS last FROM metric_series s JOIN runs r ON r.id = s.run_id
        WHERE s.run_id = ${runId}::uuid AND s.attempt = r.attempt ORDER BY s.key`;
      return rows.map((row) => ({ key: row.key, count: row.count, last: row.last === null ? null : Number(row.last) }));
    },

    async findCurves(curves, query) {
      const { maxPoints } = query;
      const atOnce = Math.max(1, Math.floor(VALUES_AT_ONCE / (maxPoints * CHUNK_POINTS)));
      const groups = Array.from({ length: Math.ceil(curves.length / atOnce) }, (_, at) => curves.slice(at * atOnce, (at + 1) * atOnce));
      const gate = createGate(GROUPS_AT_ONCE);
      // Each group of one snapshot: an attempt that goes on from an earlier step takes points away.
      const found = await Promise.all(groups.map((group) => gate(() => database.$transaction((session) => findParts(session, group, query), { isolationLevel: 'RepeatableRead' }))));
      return found.flat();
    },
  };
}

async function findParts(session: DatabaseSession, curves: readonly CurveName[], query: CurveQuery): Promise<(CurvePart | null)[]> {
  const { maxPoints } = query;
  const places = await findPlaces(session, curves, query);
  const isRead = ({ start, end }: Place) => isDense({ length: end - start, buckets: maxPoints });
  const read = await readPoints(session, places.filter(isRead));
  const summed = await readBuckets(session, places.filter((place) => !isRead(place)), maxPoints);
  const parts = new Map(places.map(({ number, count, last, start, end }): [number, CurvePart] => {
    const points = read.get(number);
    if (points === undefined) return [number, { count, last, buckets: summed.get(number)! }];
    if (end - start <= maxPoints) return [number, { count, last, points }];
    return [number, { count, last, buckets: cutPoints(points, { skip: start % CHUNK_POINTS, buckets: maxPoints }) }];
  }));
  return curves.map((_, number) => parts.get(number) ?? null);
}

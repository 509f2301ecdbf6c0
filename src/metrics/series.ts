// Curves as a chart needs them: every point while there are few, else min/max buckets.
import { ServiceError } from '../errors.js';
import { MOST_POINTS_TOGETHER, type MetricBuckets, type MetricQuery, type MetricSeries, type RunCurvesList, type RunCurvesQuery } from '../schemas/metric.js';
import type { MetricValue } from '../schemas/run.js';
import type { Buckets, Points } from './buckets.js';
import type { CurvePart, MetricRepository } from './repository.js';
import { toMetricValue } from './values.js';

const DEFAULT_MAX_POINTS = 1000;
const DEFAULT_MAX_POINTS_OF_MANY = 100;

/** The run's curves without points, or with `key` those curves with their points. */
export async function readSeries(metrics: MetricRepository, runId: string, { key, maxPoints = DEFAULT_MAX_POINTS, ...part }: MetricQuery): Promise<MetricSeries[]> {
  if (key !== undefined) return (await readEach(metrics, { runIds: [runId], keys: key, maxPoints, ...part }))[0]!;
  return (await metrics.listSeries(runId)).map(({ key, count, last }) => ({ key, count, last: last === null ? null : toMetricValue(last) }));
}

/** The same curves of each of these runs. @throws ServiceError bad_request for more points than are told together */
export async function readCurvesOf(metrics: MetricRepository, { runId: runIds, key, maxPoints = DEFAULT_MAX_POINTS_OF_MANY, ...part }: RunCurvesQuery): Promise<RunCurvesList['items']> {
  const keys = [...new Set(key)];
  if (runIds.length * keys.length * maxPoints > MOST_POINTS_TOGETHER) {
    const most = Math.floor(MOST_POINTS_TOGETHER / (runIds.length * keys.length));
    throw new ServiceError('bad_request', 'The query has values that this route does not take.', { parameters: [{ in: 'query', parameter: 'maxPoints', detail: `must be at most ${most} for ${keys.length} curves of ${runIds.length} runs` }] });
  }
  const series = await readEach(metrics, { runIds, keys, maxPoints, ...part });
  return runIds.map((runId, at) => ({ runId, series: series[at]! }));
}

async function readEach(metrics: MetricRepository, { runIds, keys, maxPoints, fromStep = 0, toStep = Infinity }: { runIds: readonly string[]; keys: readonly string[]; maxPoints: number; fromStep?: number; toStep?: number }): Promise<MetricSeries[][]> {
  const distinct = [...new Set(keys)];
  const parts = await metrics.findCurves(runIds.flatMap((runId) => distinct.map((key) => ({ runId, key }))), { maxPoints, fromStep, toStep });
  return runIds.map((_, run) => distinct.map((key, at) => toMetricSeries(key, parts[run * distinct.length + at] ?? null)));
}

function toMetricSeries(key: string, part: CurvePart | null): MetricSeries {
  if (part === null) return { key, count: 0, last: null, points: { steps: [], values: [] } };
  return { key, count: part.count, last: toMetricValue(part.last), ...(part.points ? { points: toMetricPoints(part.points) } : { buckets: toMetricBuckets(part.buckets) }) };
}

const asValues = (column: readonly number[]): MetricValue[] => column.map(toMetricValue);

function toMetricPoints({ steps, values }: Points) {
  return { steps, values: asValues(values) };
}

function toMetricBuckets({ from, to, count, nan, ...values }: Buckets): MetricBuckets {
  return { from, to, count, nan, first: asValues(values.first), last: asValues(values.last), min: asValues(values.min), max: asValues(values.max), mean: asValues(values.mean) };
}

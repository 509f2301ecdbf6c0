// Curves as a chart needs them: every point while there are few, else min/max buckets.
import type { MetricBuckets, MetricQuery, MetricSeries } from '../schemas/metric.js';
import type { MetricValue } from '../schemas/run.js';
import type { Buckets, Points } from './buckets.js';
import type { CurvePart, MetricRepository } from './repository.js';
import { toMetricValue } from './values.js';

const DEFAULT_MAX_POINTS = 1000;

/** The run's curves without points, or with `key` those curves with their points. */
export async function readSeries(metrics: MetricRepository, runId: string, { key: keys, ...part }: MetricQuery): Promise<MetricSeries[]> {
  if (keys !== undefined) return (await readSeriesOf(metrics, [runId], { key: keys, ...part }))[0]!;
  return (await metrics.listSeries(runId)).map(({ key, count, last }) => ({ key, count, last: last === null ? null : toMetricValue(last) }));
}

/** The same curves of each of these runs, in their order. */
export async function readSeriesOf(metrics: MetricRepository, runIds: readonly string[], { key, maxPoints = DEFAULT_MAX_POINTS, fromStep = 0, toStep = Infinity }: MetricQuery & { key: readonly string[] }): Promise<MetricSeries[][]> {
  const keys = [...new Set(key)];
  const parts = await metrics.findCurves(runIds.flatMap((runId) => keys.map((key) => ({ runId, key }))), { maxPoints, fromStep, toStep });
  return runIds.map((_, run) => keys.map((key, at) => toMetricSeries(key, parts[run * keys.length + at] ?? null)));
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

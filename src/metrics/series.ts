// Curves as a chart needs them: every point while there are few, else min/max buckets.
import type { MetricBuckets, MetricQuery, MetricSeries } from '../schemas/metric.js';
import type { MetricValue } from '../schemas/run.js';
import type { Buckets, Points } from './buckets.js';
import type { MetricRepository } from './repository.js';
import { toMetricValue } from './values.js';

const DEFAULT_MAX_POINTS = 1000;

/** The run's curves without points, or with `key` those curves with their points. */
export async function readSeries(metrics: MetricRepository, runId: string, { key: keys, maxPoints = DEFAULT_MAX_POINTS, fromStep = 0, toStep = Infinity }: MetricQuery): Promise<MetricSeries[]> {
  if (keys === undefined) {
    return (await metrics.listSeries(runId)).map(({ key, count, last }) => ({ key, count, last: last === null ? null : toMetricValue(last) }));
  }
  const series: MetricSeries[] = [];
  // One after the other: a long curve is a large answer, and other requests need the connections too.
  for (const key of new Set(keys)) {
    const part = await metrics.findCurve(runId, key, { maxPoints, fromStep, toStep });
    if (part === null) series.push({ key, count: 0, last: null, points: { steps: [], values: [] } });
    else series.push({ key, count: part.count, last: toMetricValue(part.last), ...(part.points ? { points: toMetricPoints(part.points) } : { buckets: toMetricBuckets(part.buckets) }) });
  }
  return series;
}

const asValues = (column: readonly number[]): MetricValue[] => column.map(toMetricValue);

function toMetricPoints({ steps, values }: Points) {
  return { steps, values: asValues(values) };
}

function toMetricBuckets({ from, to, count, nan, ...values }: Buckets): MetricBuckets {
  return { from, to, count, nan, first: asValues(values.first), last: asValues(values.last), min: asValues(values.min), max: asValues(values.max), mean: asValues(values.mean) };
}

// Curves as a chart needs them: every point while there are few, else min/max buckets that keep the first
// point, the last and every spike.
import type { MetricBuckets, MetricPoints, MetricQuery, MetricSeries } from '../schemas/metric.js';
import type { Curve, MetricRepository } from './metric-repository.js';
import { toMetricValue } from './metric-values.js';

const DEFAULT_MAX_POINTS = 1000;

/** The run's curves without points, or with `key` those curves with their points. */
export async function readSeries(metrics: MetricRepository, runId: string, { key: keys, ...query }: MetricQuery): Promise<MetricSeries[]> {
  if (keys === undefined) {
    return (await metrics.listSeries(runId)).map(({ key, count, last }) => ({ key, count, last: last === null ? null : toMetricValue(last) }));
  }
  const series: MetricSeries[] = [];
  // One after the other: a long curve is a large answer, and other requests need the connections too.
  for (const key of new Set(keys)) series.push(drawn((await metrics.findCurve(runId, key)) ?? { key, steps: [], values: [] }, query));
  return series;
}

function drawn(curve: Curve, { maxPoints = DEFAULT_MAX_POINTS, fromStep = 0, toStep = Infinity }: Omit<MetricQuery, 'key'>): MetricSeries {
  const { key, steps, values } = curve;
  const last = values.at(-1);
  const about = { key, count: steps.length, last: last === undefined ? null : toMetricValue(last) };
  const start = firstAtLeast(steps, fromStep);
  const end = firstAtLeast(steps, toStep + 1);
  const shown = { steps: steps.slice(start, end), values: values.slice(start, end) };
  return shown.steps.length <= maxPoints ? { ...about, points: pointsOf(shown) } : { ...about, buckets: bucketsOf(shown, maxPoints) };
}

type Columns = Pick<Curve, 'steps' | 'values'>;

function pointsOf({ steps, values }: Columns): MetricPoints {
  return { steps, values: values.map(toMetricValue) };
}

/** Cuts the points into `count` buckets whose sizes differ by at most one. Needs at least `count` points. */
export function bucketsOf({ steps, values }: Columns, count: number): MetricBuckets {
  const buckets: MetricBuckets = { from: [], to: [], count: [], first: [], last: [], min: [], max: [], mean: [], nan: [] };
  for (let bucket = 0; bucket < count; bucket += 1) {
    const start = Math.floor((bucket * steps.length) / count);
    const end = Math.floor(((bucket + 1) * steps.length) / count);
    const about = summaryOf(values, start, end);
    buckets.from.push(steps[start] as number);
    buckets.to.push(steps[end - 1] as number);
    buckets.count.push(end - start);
    buckets.first.push(toMetricValue(values[start] as number));
    buckets.last.push(toMetricValue(values[end - 1] as number));
    buckets.min.push(toMetricValue(about.min));
    buckets.max.push(toMetricValue(about.max));
    buckets.mean.push(toMetricValue(about.mean));
    buckets.nan.push(about.nan);
  }
  return buckets;
}

/** Of `values[start..end)`. Min and max leave NaN out, the mean infinities too; NaN when nothing is left. */
function summaryOf(values: readonly number[], start: number, end: number): { min: number; max: number; mean: number; nan: number } {
  let min = NaN;
  let max = NaN;
  let nan = 0;
  let sum = 0;
  let finite = 0;
  for (let at = start; at < end; at += 1) {
    const value = values[at] as number;
    if (Number.isNaN(value)) {
      nan += 1;
      continue;
    }
    // Written so that the first number replaces NaN.
    if (!(value >= min)) min = value;
    if (!(value <= max)) max = value;
    if (Number.isFinite(value)) {
      sum += value;
      finite += 1;
    }
  }
  return { min, max, mean: finite === 0 ? NaN : sum / finite, nan };
}

/** Index of the first step that is not below `step`; steps ascend. */
function firstAtLeast(steps: readonly number[], step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] as number) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Metric curves as the API shows them: every point of a short curve, min/max buckets of a long one.
import { Type, type Static, type TSchema } from 'typebox';
import { ref, strictObject } from './build.js';
import { MetricValue, RunId } from './run.js';

const column = <T extends TSchema>(item: T, description: string) => Type.Array(item, { description });
const step = Type.Integer({ minimum: 0 });
const key = Type.String({ minLength: 1, maxLength: 128, description: '`batch/` and a metric: one point a step; `epoch/` and a metric: one point an epoch.' });

export const MetricPoints = strictObject(
  {
    steps: column(step, 'Ascending: steps of `batch/` curves, epochs of `epoch/` curves.'),
    values: column(ref(MetricValue), 'One value for each step.'),
  },
  { $id: 'MetricPoints', description: 'Every point of a curve, as two columns of the same length.' },
);
export type MetricPoints = Static<typeof MetricPoints>;

export const MetricBuckets = strictObject(
  {
    from: column(step, 'First step of each bucket.'),
    to: column(step, 'Last step of each bucket.'),
    count: column(Type.Integer({ minimum: 1 }), 'Points in each bucket.'),
    first: column(ref(MetricValue), 'Value at `from`.'),
    last: column(ref(MetricValue), 'Value at `to`.'),
    min: column(ref(MetricValue), 'Smallest value, infinities included; NaN when all are.'),
    max: column(ref(MetricValue), 'Largest value, infinities included; NaN when all are.'),
    mean: column(ref(MetricValue), 'Mean of the finite values; NaN when there is none.'),
    nan: column(Type.Integer({ minimum: 0 }), 'How many values are NaN.'),
  },
  { $id: 'MetricBuckets', description: 'A long curve, cut into buckets of about the same number of points, as columns of the same length. No spike is lost.' },
);
export type MetricBuckets = Static<typeof MetricBuckets>;

export const MetricSeries = strictObject(
  {
    key,
    count: Type.Integer({ minimum: 0, description: 'Points of the whole curve; 0 when the run has not measured it yet.' }),
    last: Type.Union([ref(MetricValue), Type.Null()], { description: 'The latest value; null before the first.' }),
    points: Type.Optional(ref(MetricPoints)),
    buckets: Type.Optional(ref(MetricBuckets)),
  },
  { $id: 'MetricSeries', description: 'One curve of the latest attempt. Asked for by its key, it has `points`, or `buckets` when there are more points than `maxPoints`.' },
);
export type MetricSeries = Static<typeof MetricSeries>;

export const MetricSeriesList = strictObject(
  { series: Type.Array(ref(MetricSeries), { description: 'In the order asked, else by key.' }) },
  { $id: 'MetricSeriesList', description: 'Curves of a run.' },
);
export type MetricSeriesList = Static<typeof MetricSeriesList>;

export const RunCurves = strictObject(
  { runId: RunId, series: Type.Array(ref(MetricSeries), { description: 'In the order asked.' }) },
  { $id: 'RunCurves', description: 'Curves of one of several runs.' },
);
export const RunCurvesList = strictObject(
  { items: Type.Array(ref(RunCurves), { description: 'In the order asked, without runs that are not there or not to be seen.' }) },
  { $id: 'RunCurvesList', description: 'The same curves of several runs.' },
);
export type RunCurvesList = Static<typeof RunCurvesList>;

/** Of a curve that is told in buckets, and what part of it. */
const part = {
  maxPoints: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'A curve with more points is answered in this many buckets; 1000 when absent.' })),
  fromStep: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'Leave out points before this step.' })),
  toStep: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'Leave out points after this step.' })),
};

/** Points that curves of several runs may have together. */
export const MOST_POINTS_TOGETHER = 100_000;

export const RunCurvesQuery = strictObject({
  runId: Type.Array(RunId, { minItems: 1, maxItems: 100, description: 'A run; may be repeated.' }),
  key: Type.Array(key, { minItems: 1, maxItems: 8, description: 'A curve to read of each; may be repeated.' }),
  ...part,
  maxPoints: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: `A curve with more points is answered in this many buckets; 100 when absent. Runs, times curves, times this, make at most ${MOST_POINTS_TOGETHER.toLocaleString('en')}.` })),
});
export type RunCurvesQuery = Static<typeof RunCurvesQuery>;

export const MetricQuery = strictObject({
  key: Type.Optional(Type.Array(key, { maxItems: 32, description: 'A curve to read; may be repeated. Without any, all curves are listed, without points.' })),
  ...part,
});
export type MetricQuery = Static<typeof MetricQuery>;

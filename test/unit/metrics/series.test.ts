// Curves in the form of the API.
import t from 'tap';
import type { CurveName, CurveQuery, MetricRepository } from '../../../src/metrics/repository.js';
import { readSeries } from '../../../src/metrics/series.js';

const asked: (CurveQuery & CurveName)[] = [];
const metrics: MetricRepository = {
  listSeries: async () => [{ key: 'batch/loss', count: 3, last: NaN }, { key: 'epoch/loss', count: 0, last: null }],
  findCurves: async (curves, query) => curves.map((curve) => {
    asked.push({ ...curve, ...query });
    if (curve.key === 'absent') return null;
    const about = { count: 3, last: Infinity };
    if (query.maxPoints >= 3) return { ...about, points: { steps: [1, 2, 3], values: [NaN, -0.5, Infinity] } };
    return { ...about, buckets: { from: [1, 2], to: [1, 3], count: [1, 2], first: [NaN, -0.5], last: [NaN, Infinity], min: [NaN, -0.5], max: [NaN, Infinity], mean: [NaN, -0.5], nan: [1, 0] } };
  }),
};

t.test('without a key, the curves are listed', async (t) => {
  t.strictSame(await readSeries(metrics, 'run', {}), [{ key: 'batch/loss', count: 3, last: 'NaN' }, { key: 'epoch/loss', count: 0, last: null }]);
});

t.test('each key is read once, as far as it is asked for', async (t) => {
  asked.length = 0;
  await readSeries(metrics, 'run', { key: ['batch/loss', 'absent', 'batch/loss'] });
  t.strictSame(asked, ['batch/loss', 'absent'].map((key) => ({ runId: 'run', key, maxPoints: 1000, fromStep: 0, toStep: Infinity })));
  asked.length = 0;
  await readSeries(metrics, 'run', { key: ['batch/loss'], maxPoints: 2, fromStep: 2, toStep: 5 });
  t.strictSame(asked, [{ runId: 'run', key: 'batch/loss', maxPoints: 2, fromStep: 2, toStep: 5 }]);
});

t.test('points and buckets survive JSON', async (t) => {
  t.strictSame(await readSeries(metrics, 'run', { key: ['batch/loss', 'absent'] }), [
    { key: 'batch/loss', count: 3, last: 'Infinity', points: { steps: [1, 2, 3], values: ['NaN', -0.5, 'Infinity'] } },
    { key: 'absent', count: 0, last: null, points: { steps: [], values: [] } },
  ]);
  t.strictSame(await readSeries(metrics, 'run', { key: ['batch/loss'], maxPoints: 2 }), [
    {
      key: 'batch/loss', count: 3, last: 'Infinity',
      buckets: { from: [1, 2], to: [1, 3], count: [1, 2], first: ['NaN', -0.5], last: ['NaN', 'Infinity'], min: ['NaN', -0.5], max: ['NaN', 'Infinity'], mean: ['NaN', -0.5], nan: [1, 0] },
    },
  ]);
});

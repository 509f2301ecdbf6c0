import fc from 'fast-check';
import t from 'tap';
import { bucketsOf, readSeries } from '../../../src/runs/series.js';
import type { MetricRepository } from '../../../src/runs/metric-repository.js';

const values = fc.array(fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity)), { minLength: 1, maxLength: 300 });
const number = (value: number | string) => Number(value);
const plain = (value: number) => (Object.is(value, -0) ? 0 : value);

t.test('buckets keep the first point, the last and every spike', async (t) => {
  const hold = () => fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 300 }), (points, wanted) => {
      const count = Math.min(wanted, points.length);
      const buckets = bucketsOf({ steps: points.map((_, index) => index + 1), values: points }, count);
      const inOrder = buckets.from.every((from, index) => from === (index === 0 ? 1 : (buckets.to[index - 1] ?? 0) + 1) && (buckets.to[index] ?? 0) >= from);
      const sizes = new Set(buckets.count);
      const known = points.filter((value) => !Number.isNaN(value));
      const lowest = Math.min(...buckets.min.map(number).filter((value) => !Number.isNaN(value)));
      const highest = Math.max(...buckets.max.map(number).filter((value) => !Number.isNaN(value)));
      return (
        Object.values(buckets).every((column: unknown[]) => column.length === count) &&
        inOrder &&
        buckets.to.at(-1) === points.length &&
        Math.max(...sizes) - Math.min(...sizes) <= 1 &&
        Object.is(plain(number(buckets.first[0] ?? '')), plain(points[0] ?? 0)) &&
        Object.is(plain(number(buckets.last.at(-1) ?? '')), plain(points.at(-1) ?? 0)) &&
        lowest === Math.min(...known) &&
        highest === Math.max(...known) &&
        buckets.nan.reduce((a, b) => a + b) === points.length - known.length
      );
    }),
    { seed: 42, numRuns: 500 },
  );
  t.doesNotThrow(hold);
});

t.test('a bucket without a number says so', async (t) => {
  const buckets = bucketsOf({ steps: [1, 2, 3, 4], values: [NaN, NaN, Infinity, 2] }, 2);
  t.same(buckets, { from: [1, 3], to: [2, 4], count: [2, 2], first: ['NaN', 'Infinity'], last: ['NaN', 2], min: ['NaN', 2], max: ['NaN', 'Infinity'], mean: ['NaN', 2], nan: [2, 0] });
});

t.test('a curve is answered whole while it fits, and each key once', async (t) => {
  const curve = { key: 'batch/loss', steps: [1, 2, 3], values: [1, 2, 3] };
  const asked: string[] = [];
  const metrics: MetricRepository = {
    listSeries: async () => [],
    findCurve: async (_runId, key) => {
      asked.push(key);
      return curve;
    },
  };
  const [exact] = await readSeries(metrics, 'run', { key: ['batch/loss', 'batch/loss'], maxPoints: 3 });
  t.same(exact?.points?.steps, [1, 2, 3], 'as many points as allowed are points');
  t.same(asked, ['batch/loss']);
  const [over] = await readSeries(metrics, 'run', { key: ['batch/loss'], maxPoints: 2 });
  t.equal(over?.points, undefined);
  t.same(over?.buckets?.count, [1, 2]);
  const [zoomed] = await readSeries(metrics, 'run', { key: ['batch/loss'], maxPoints: 2, fromStep: 2 });
  t.same(zoomed?.points, { steps: [2, 3], values: [2, 3] }, 'a part that fits is told point by point');
});

// Buckets of a curve, with and without knowing summaries of its chunks.
import fc from 'fast-check';
import t from 'tap';
import { bucketsOf, edgesOf, type Chunk, type Points } from '../../../src/metrics/buckets.js';
import { bucketsOfPoints } from '../../fakes/event-log.js';

const values = fc.array(fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity)), { minLength: 1, maxLength: 300 });
const plain = (value: number) => (Object.is(value, -0) ? 0 : value);
const pointsOf = (values: number[]): Points => ({ steps: values.map((_, index) => index + 1), values });

t.test('buckets keep the first point, the last and every spike', async (t) => {
  const hold = () => fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 300 }), (points, wanted) => {
      const count = Math.min(wanted, points.length);
      const buckets = bucketsOfPoints(pointsOf(points), count);
      const inOrder = buckets.from.every((from, index) => from === (index === 0 ? 1 : (buckets.to[index - 1] ?? 0) + 1) && (buckets.to[index] ?? 0) >= from);
      const sizes = new Set(buckets.count);
      const known = points.filter((value) => !Number.isNaN(value));
      const lowest = Math.min(...buckets.min.filter((value) => !Number.isNaN(value)));
      const highest = Math.max(...buckets.max.filter((value) => !Number.isNaN(value)));
      return (
        Object.values(buckets).every((column) => column.length === count) &&
        inOrder &&
        buckets.to.at(-1) === points.length &&
        Math.max(...sizes) - Math.min(...sizes) <= 1 &&
        Object.is(plain(buckets.first[0] ?? NaN), plain(points[0] ?? 0)) &&
        Object.is(plain(buckets.last.at(-1) ?? NaN), plain(points.at(-1) ?? 0)) &&
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
  t.strictSame(bucketsOfPoints(pointsOf([NaN, NaN, Infinity, 2]), 2), {
    from: [1, 3], to: [2, 4], count: [2, 2], first: [NaN, Infinity], last: [NaN, 2], min: [NaN, 2], max: [NaN, Infinity], mean: [NaN, 2], nan: [2, 0],
  });
});

t.test('a chunk within a bucket is known by its summary alone', async (t) => {
  const chunk = (...values: number[]): Chunk => ({ count: values.length, values });
  const cut = { skip: 1, length: 9, buckets: 2 };
  const known = { count: 2, summary: { min: -5, max: 50, sum: 45, finite: 1, nan: 1 } };
  const buckets = bucketsOf([chunk(0, 1), known, chunk(4, 5), chunk(6, 7), chunk(8, 9), chunk(10, 11)], cut);
  t.strictSame(buckets, { count: [4, 5], first: [1, 5], last: [4, 9], min: [-5, 5], max: [50, 9], mean: [50 / 3, 7], nan: [1, 0] }, 'what is before and after the part is left out');
  t.strictSame(edgesOf(cut), { first: [0, 4], last: [3, 8] }, 'the steps are those of these places');
  const blank = { count: 2, summary: { min: NaN, max: NaN, sum: 0, finite: 0, nan: 2 } };
  t.strictSame(bucketsOf([chunk(1), blank, chunk(2)], { skip: 0, length: 4, buckets: 1 }), { count: [4], first: [1], last: [2], min: [1], max: [2], mean: [1.5], nan: [2] }, 'a chunk without a number adds none');
});

// Buckets of a curve, with and without knowing summaries of its chunks.
import fc from 'fast-check';
import t from 'tap';
import { CHUNK_POINTS, cutPoints, startsOf, sumUp, type Chunk, type Points } from '../../../src/metrics/buckets.js';

const values = fc.array(fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity)), { minLength: 1, maxLength: 300 });
const plain = (value: number) => (Object.is(value, -0) ? 0 : value);
const pointsOf = (values: number[]): Points => ({ steps: values.map((_, index) => index + 1), values });

t.test('buckets keep the first point, the last and every spike', async (t) => {
  const hold = () => fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 300 }), (points, wanted) => {
      const count = Math.min(wanted, points.length);
      const buckets = cutPoints(pointsOf(points), { skip: 0, buckets: count });
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
  t.strictSame(cutPoints(pointsOf([NaN, NaN, Infinity, 2]), { skip: 0, buckets: 2 }), {
    from: [1, 3], to: [2, 4], count: [2, 2], first: [NaN, Infinity], last: [NaN, 2], min: [NaN, 2], max: [NaN, Infinity], mean: [NaN, 2], nan: [2, 0],
  });
});

t.test('a chunk within a bucket is known by its summary alone', async (t) => {
  const chunk = (...values: number[]): Chunk => ({ count: values.length, values });
  const cut = { skip: 1, starts: startsOf({ skip: 1, length: 9, buckets: 2 }) };
  t.strictSame(cut.starts, [0, 4, 9]);
  const known = { count: 2, summary: { min: -5, max: 50, sum: 45, finite: 1, nan: 1 } };
  const sums = sumUp([chunk(0, 1), known, chunk(4, 5), chunk(6, 7), chunk(8, 9), chunk(10, 11)], cut);
  t.strictSame(sums, { count: [4, 5], min: [-5, 5], max: [50, 9], mean: [50 / 3, 7], nan: [1, 0] }, 'what is before and after the part is left out');
  const blank = { count: 2, summary: { min: NaN, max: NaN, sum: 0, finite: 0, nan: 2 } };
  t.strictSame(sumUp([chunk(1), blank, chunk(2)], { skip: 0, starts: [0, 4] }), { count: [4], min: [1], max: [2], mean: [1.5], nan: [2] }, 'a chunk without a number adds none');
});

t.test('large buckets begin where chunks do', async (t) => {
  const hold = () => fc.assert(
    fc.property(fc.nat({ max: CHUNK_POINTS - 1 }), fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 1, max: 300 }), (skip, length, wanted) => {
      const buckets = Math.min(wanted, length);
      const starts = startsOf({ skip, length, buckets });
      const sizes = starts.slice(1).map((end, index) => end - starts[index]!);
      const isLarge = length / buckets >= 4 * CHUNK_POINTS;
      const difference = Math.max(...sizes) - Math.min(...sizes);
      return starts[0] === 0 && starts.at(-1) === length && starts.length === buckets + 1 && difference <= (isLarge ? 2 * CHUNK_POINTS : 1) && (!isLarge || starts.slice(1, -1).every((start) => (start + skip) % CHUNK_POINTS === 0));
    }),
    { seed: 42, numRuns: 500 },
  );
  t.doesNotThrow(hold);
});

import t from 'tap';
import { fans, initialValues } from '../../../src/ml/initializers.js';
import { INITIALIZERS, type Initializer } from '../../../src/schemas/layers.js';
import { near } from '../../helpers/ml.js';

const SHAPE = [200, 100];
const draw = (initializer: Initializer, shape: readonly number[] = SHAPE, seed = 1, weight = 'dense/kernel') =>
  initialValues(initializer, shape, { seed, weight });

function moments(values: Float32Array): { mean: number; stddev: number; most: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, stddev: Math.sqrt(variance), most: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
}

t.test('the seed and the name of a weight decide its values', async (t) => {
  const small = [5, 4];
  const first = draw('glorotUniform', small);
  t.same(draw('glorotUniform', small), first, 'the same again');
  t.notSame(draw('glorotUniform', small, 2), first, 'another seed');
  t.notSame(draw('glorotUniform', small, 1, 'dense_1/kernel'), first, 'another weight');
  const own: Initializer = { type: 'glorotUniform', seed: 0 };
  t.same(draw(own, small, 1), draw(own, small, 2, 'other/kernel'), 'an own seed, also 0, overrides both');
  t.notSame(draw(own, small), draw({ type: 'glorotUniform', seed: 1 }, small), 'and is not ignored');
});

t.test('every initializer of the schema draws finite values', async (t) => {
  for (const type of INITIALIZERS) {
    const args = (type === 'constant' ? { type, value: 0.1 } : type) as Initializer;
    const values = draw(args, [6, 6]);
    t.ok(values.length === 36 && values.every(Number.isFinite), type);
  }
});

t.test('spreads are those of Keras', async (t) => {
  const limit = Math.sqrt(6 / 300);
  const glorot = moments(draw('glorotUniform'));
  t.ok(glorot.most <= limit && glorot.most > 0.99 * limit, 'glorotUniform fills its limits');
  near(t, [glorot.mean, glorot.stddev], [0, limit / Math.sqrt(3)], { message: 'evenly', tolerance: 2e-3 });
  const he = moments(draw('heNormal'));
  near(t, [he.mean, he.stddev], [0, Math.sqrt(2 / 200)], { message: 'heNormal has the variance it names, after the cut', tolerance: 2e-3 });
  t.ok(he.most <= (2 * Math.sqrt(2 / 200)) / 0.8796, 'and nothing beyond two standard deviations');
  const normal = moments(draw({ type: 'randomNormal', mean: 1, stddev: 0.5 }));
  near(t, [normal.mean, normal.stddev], [1, 0.5], { message: 'randomNormal', tolerance: 1e-2 });
  t.ok(normal.most > 2.5, 'is not cut');
  const truncated = moments(draw({ type: 'truncatedNormal', stddev: 1 }));
  near(t, [truncated.stddev], [0.8796], { message: 'truncatedNormal has the stddev before the cut', tolerance: 2e-2 });
  const uniform = draw({ type: 'randomUniform', minval: 0, maxval: 2 });
  t.ok(uniform.every((value) => value >= 0 && value < 2), 'a bound of 0 is a bound');
});

t.test('a kernel counts its window in the fans', async (t) => {
  t.same(fans([3, 5, 4, 8]), { fanIn: 60, fanOut: 120 }, 'of a convolution');
  t.same(fans([7]), { fanIn: 7, fanOut: 7 }, 'of a vector');
  const { stddev } = moments(draw({ type: 'varianceScaling', scale: 3, mode: 'fanOut', distribution: 'uniform' }, [3, 3, 20, 50]));
  near(t, [stddev], [Math.sqrt(3 / 450)], { message: 'varianceScaling by fanOut', tolerance: 2e-3 });
});

t.test('an orthogonal weight has orthonormal columns, or rows where there are fewer', async (t) => {
  const product = (values: Float32Array, columns: number, i: number, j: number): number =>
    Array.from({ length: values.length / columns }, (_, r) => values[r * columns + i]! * values[r * columns + j]!).reduce((a, b) => a + b, 0);
  const tall = draw({ type: 'orthogonal', gain: 2 }, [3, 3, 2, 5]);
  near(t, [product(tall, 5, 0, 0), product(tall, 5, 4, 4), product(tall, 5, 0, 4), product(tall, 5, 2, 3)], [4, 4, 0, 0], { message: 'tall, with its gain' });
  const wide = draw('orthogonal', [2, 6]);
  const rows = [wide.slice(0, 6), wide.slice(6)] as const;
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  near(t, [dot(rows[0], rows[0]), dot(rows[1], rows[1]), dot(rows[0], rows[1])], [1, 1, 0], { message: 'wide' });
});

t.test('the identity is for matrices', async (t) => {
  t.same([...draw({ type: 'identity', gain: 3 }, [2, 2])], [3, 0, 0, 3], 'with its gain');
  t.throws(() => draw('identity', [3, 3, 1, 1]), { message: /matrices/ }, 'not for kernels');
});

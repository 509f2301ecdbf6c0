// The pieces to play with: their formulas are right.
import fc from 'fast-check';
import t from 'tap';
import type { Run } from '../../../src/dashboard/api/types.js';
import { gradientThrough, MOST_SIGMOID_SLOPE, SHAPES } from '../../../src/dashboard/pages/learn/activations.js';
import { numbers } from '../../../src/dashboard/pages/learn/numbers-codec.js';
import { latestRuns, wordsOf } from '../../../src/dashboard/pages/learn/rungs.js';
import { crossEntropy, entropyBits, lossGradient, softmax } from '../../../src/dashboard/pages/learn/softmax.js';
import { RECIPES } from '../../../src/recipes/catalog.js';

const logits = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 2, maxLength: 10 });
const near = (a: number, b: number, off = 1e-9) => Math.abs(a - b) <= off * Math.max(1, Math.abs(a), Math.abs(b));

t.test('softmax', async (t) => {
  t.same(softmax([0, 0, 0, 0]), [0.25, 0.25, 0.25, 0.25]);
  const [a, b, c] = softmax([1, 2, 3]);
  for (const [is, shouldBe] of [[a, 0.09003057317038046], [b, 0.24472847105479764], [c, 0.6652409557748218]]) t.ok(near(is!, shouldBe!), String(shouldBe));
  t.same(softmax([1000, 0]), [1, 0], 'great logits do not overflow');
  fc.assert(fc.property(logits, fc.double({ min: 0.1, max: 5, noNaN: true }), fc.double({ min: -9, max: 9, noNaN: true }), (z, T, shift) => {
    const shares = softmax(z, T);
    const moved = softmax(z.map((one) => one + shift), T);
    return near(shares.reduce((sum, one) => sum + one, 0), 1) && shares.every((share, at) => near(share, moved[at]!, 1e-7)) && z.every((one, at) => z.every((other, to) => one <= other || shares[at]! >= shares[to]!));
  }), { numRuns: 200 });
});

t.test('loss, doubt and gradient', async (t) => {
  t.ok(near(crossEntropy([0, 0], 0), Math.LN2));
  t.equal(crossEntropy([0, 2000], 0), 2000, 'where the share is too small to write');
  t.ok(near(entropyBits(softmax(new Array<number>(10).fill(3))), Math.log2(10)));
  t.equal(entropyBits([1, 0]), 0);
  fc.assert(fc.property(logits, fc.double({ min: 0.5, max: 5, noNaN: true }), (z, T) => lossGradient(z, 0, T).every((slope, at) => {
    const h = 1e-5;
    const by = (d: number) => crossEntropy(z.with(at, z[at]! + d), 0, T);
    return Math.abs((by(h) - by(-h)) / (2 * h) - slope) < 1e-4;
  })), { numRuns: 100 });
});

t.test('slopes are those of the functions', async (t) => {
  for (const { value, slope } of Object.values(SHAPES)) {
    fc.assert(fc.property(fc.double({ min: -20, max: 20, noNaN: true }), (x) => Math.abs(x) < 1e-4 || Math.abs((value(x + 1e-5) - value(x - 1e-5)) / 2e-5 - slope(x)) < 1e-5));
  }
  t.equal(SHAPES.sigmoid.slope(0), MOST_SIGMOID_SLOPE);
  t.ok(SHAPES.sigmoid.slope(40) > 0, 'far out it is small, not nothing');
  t.equal(SHAPES.relu.slope(0), 0);
  t.same([SHAPES.sigmoid.value(-800), SHAPES.sigmoid.value(800)], [0, 1]);
});

t.test('what is left of a gradient is a product of slopes', async (t) => {
  t.same(gradientThrough('sigmoid', 0, 3), [0.25, 0.0625, 0.015625]);
  t.same(gradientThrough('relu', 2, 3), [1, 1, 1]);
  t.same(gradientThrough('relu', -2, 2), [0, 0]);
  t.ok(near(gradientThrough('sigmoid', 0, 10).at(-1)!, 9.5367431640625e-7));
});

t.test('each rung has words, and its latest run that shows something', async (t) => {
  for (const recipe of RECIPES) t.not(wordsOf(recipe).idea, recipe.idea, recipe.name);
  t.same(wordsOf({ name: 'other', idea: 'one', description: 'two' }), { idea: 'one', look: 'two' });
  const run = (id: string, recipe: string | null, more: object = {}) => ({ id, recipe, team: 'ours', state: 'succeeded', progress: { epoch: 1 }, ...more }) as Run;
  const found = latestRuns([run('1', 'a', { state: 'failed', progress: { epoch: 0 } }), run('2', 'b', { team: 'theirs' }), run('3', 'a'), run('4', 'a'), run('5', null), run('6', 'c', { state: 'cancelled', progress: { epoch: 0 } })], 'ours');
  t.same([...found].map(([recipe, { id }]) => [recipe, id]), [['a', '3'], ['c', '6']]);
});

t.test('numbers in the address', async (t) => {
  const codec = numbers([1, 2], { least: -6, most: 6 });
  t.equal(codec.write([1, 2]), null);
  t.same(codec.read(codec.write([-0.5, 3.25])), [-0.5, 3.25]);
  for (const wrong of [null, '', '1', '1,2,3', '1,x', '1,7', 'NaN,1']) t.same(codec.read(wrong), [1, 2], String(wrong));
});

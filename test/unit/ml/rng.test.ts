import t from 'tap';
import { fillUniform, hashText, key, mix, permutation, randomBits, uniform } from '../../../src/ml/rng.js';

/** Pearson's statistic of counts against equal expectations. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function tally(size: number, values: Iterable<number>): number[] {
  const counts = new Array<number>(size).fill(0);
  for (const value of values) counts[value]! += 1;
  return counts;
}

t.test('the numbers never change, or stored runs could not be repeated', async (t) => {
  t.equal(mix(0), 0, 'the mixer keeps zero');
  t.same([1, 2, 0xffffffff].map(mix), [1753845952, 3507691905, 1734902346], 'the mixer');
  t.equal(hashText('dense/kernel'), 1367744976, 'the hash of a weight name');
  const k = key(42, 1, 2, 3);
  t.same([k.a, k.b], [3153317820, 4023746610], 'a key');
  t.same([0, 1, 2].map((counter) => randomBits(k, counter)), [1260296275, 2497360202, 2501706683], 'bits of a stream');
  t.same([...permutation(8, { seed: 42, epoch: 1 })], [4, 7, 2, 3, 5, 6, 1, 0], 'a permutation');
});

t.test('uniform numbers fill [0, 1) evenly', async (t) => {
  const values = fillUniform(key(1, 2), new Float32Array(100_000));
  t.ok(values.every((value) => value >= 0 && value < 1), 'all lie in [0, 1)');
  // 99 degrees of freedom: 99.99% of good generators stay under 161.
  t.ok(chiSquare(tally(100, values.map((value) => Math.floor(value * 100)))) < 161, 'a hundred bins are alike');
  const low = fillUniform(key(1, 2), new Float32Array(100_000)).map((value) => Math.floor(value * 2 ** 24) % 64);
  t.ok(chiSquare(tally(64, low)) < 117, 'the low bits are as even as the high ones');
  t.equal(fillUniform(key(1, 2), new Float32Array(3), 5)[2], uniform(key(1, 2), 7), 'filling may start anywhere');
});

t.test('every bit of the output depends on every bit of the counter', async (t) => {
  const k = key(9);
  let worst = 0;
  for (let bit = 0; bit < 32; bit++) {
    const flips = new Array<number>(32).fill(0);
    for (let counter = 0; counter < 2000; counter++) {
      const difference = randomBits(k, counter) ^ randomBits(k, counter ^ (1 << bit));
      for (let out = 0; out < 32; out++) flips[out]! += (difference >>> out) & 1;
    }
    worst = Math.max(worst, ...flips.map((count) => Math.abs(count / 2000 - 0.5)));
  }
  t.ok(worst < 0.06, `each flips about half the time (worst ${worst.toFixed(3)})`);
});

t.test('streams are independent of each other', async (t) => {
  const size = 50_000;
  const pairs = [
    [key(1), key(2)],
    [key(1, 3, 10, 0), key(1, 3, 11, 0)],
    [key(1, 3, 10, 0), key(1, 3, 10, 1)],
    [key(1, 2, 3), key(1, 3, 2)],
  ] as const;
  for (const [a, b] of pairs) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += (uniform(a, i) - 0.5) * (uniform(b, i) - 0.5);
    const correlation = (sum / size) * 12;
    t.ok(Math.abs(correlation) < 4 / Math.sqrt(size), `correlation ${correlation.toFixed(4)} is within chance`);
  }
  const firsts = Array.from({ length: 20_000 }, (_, step) => Math.floor(uniform(key(5, 3, step, 1), 0) * 50));
  t.ok(chiSquare(tally(50, firsts)) < 100, 'the first numbers of consecutive steps are uniform as well');
});

t.test('a permutation visits each example once, in an order of its seed and epoch', async (t) => {
  const at = { seed: 3, epoch: 1 };
  t.same([...permutation(1000, at)].sort((a, b) => a - b), Array.from({ length: 1000 }, (_, i) => i), 'each once');
  t.same(permutation(1000, at), permutation(1000, at), 'the same seed and epoch give the same order');
  t.not(permutation(1000, at).join(), permutation(1000, { seed: 3, epoch: 2 }).join(), 'another epoch another');
  t.not(permutation(1000, at).join(), permutation(1000, { seed: 4, epoch: 1 }).join(), 'another seed another');
  const orders = Array.from({ length: 12_000 }, (_, epoch) => permutation(4, { seed: 1, epoch }).reduce((code, i) => code * 4 + i, 0));
  const counts = [...new Set(orders)].map((code) => orders.filter((other) => other === code).length);
  t.equal(counts.length, 24, 'all 24 orders of four occur');
  t.ok(chiSquare(counts) < 60, 'and equally often');
  t.same([...permutation(0, at)], [], 'nothing has one order');
});

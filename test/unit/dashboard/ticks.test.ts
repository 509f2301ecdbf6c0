// The places of an axis that are named.
import fc from 'fast-check';
import t from 'tap';
import { logTicks, ticks } from '../../../src/dashboard/charts/ticks.js';

t.test('round places are named', async (t) => {
  t.same([ticks(0, 1, { about: 5 }), ticks(0, 3, { about: 9, whole: true }), ticks(0.1, 0.3, { about: 4 }), ticks(2, 2, { about: 4 })], [[0, 0.2, 0.4, 0.6, 0.8, 1], [0, 1, 2, 3], [0.1, 0.15, 0.2, 0.25, 0.3].filter((one) => one), [2]]);
  t.same([logTicks(0.01, 1, { about: 7 }), logTicks(1e-6, 1, { about: 7 }), logTicks(1e-9, 1, { about: 4 }), logTicks(0.2, 0.4, { about: 7 })], [[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1], [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1], [1e-9, 1e-6, 1e-3, 1], [0.2, 0.25, 0.3, 0.35, 0.4]]);
});

t.test('a logarithmic axis has a few marks wherever it begins', async (t) => {
  const ends = fc.tuple(fc.double({ min: -30, max: 30, noNaN: true }), fc.double({ min: 0.01, max: 40, noNaN: true })).map(([power, decades]) => [10 ** power, 10 ** (power + decades)] as const);
  fc.assert(fc.property(ends, fc.integer({ min: 1, max: 12 }), ([from, to], about) => {
    const found = logTicks(from, to, { about });
    return found.length >= 1 && found.length <= Math.max(12, 3 * about) && found.every((tick, at) => tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9) && (at === 0 || tick > found[at - 1]!));
  }), { seed: 4, numRuns: 2000 });
  t.same(logTicks(0.00984, 14.1, { about: 6 }), [0.01, 0.1, 1, 10], 'also just below a power of ten');
  t.same([logTicks(1, Infinity, { about: 6 }), logTicks(0, 1, { about: 6 })], [[], []]);
});

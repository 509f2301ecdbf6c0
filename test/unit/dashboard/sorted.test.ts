// Searches in what is sorted.
import fc from 'fast-check';
import t from 'tap';
import { firstWhere, nearestTo } from '../../../src/dashboard/lib/sorted.js';

const rising = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 40 }).map((values) => [...new Set(values)].sort((a, b) => a - b));
const settings = { seed: 9, numRuns: 500 };

t.test('the first place is the one that a look at each would find', async () => {
  fc.assert(fc.property(rising, fc.integer({ min: -60, max: 60 }), (values, least) => {
    const found = values.findIndex((value) => value >= least);
    return firstWhere(values.length, (at) => values[at]! >= least) === (found < 0 ? values.length : found);
  }), settings);
});

t.test('nothing is nearer than what is found', async (t) => {
  fc.assert(fc.property(rising, fc.double({ min: -60, max: 60, noNaN: true }), (values, wanted) => {
    const away = values.map((value) => Math.abs(value - wanted));
    return nearestTo(wanted, values.length, (at) => values[at]!) === away.lastIndexOf(Math.min(...away));
  }), settings);
  t.equal(nearestTo(1, 0, () => 0), -1);
});

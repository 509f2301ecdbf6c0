// A confusion matrix as people read it.
import t from 'tap';
import { placeOfEpoch, rightOf, strengthOf, topConfusions } from '../../../src/dashboard/pages/run/evaluation/matrix.js';

const MATRIX = [[8, 2, 0], [0, 9, 1], [3, 0, 7]];

t.test('what is right, and what is taken for what', async (t) => {
  t.same(rightOf(MATRIX), { right: 24, all: 30 });
  t.same(topConfusions(MATRIX, 2), [{ truth: 2, predicted: 0, count: 3 }, { truth: 0, predicted: 1, count: 2 }]);
  t.same(topConfusions([[5, 0], [0, 5]], 3), [], 'nothing is');
});

t.test('a cell is as strong as its part of its row', async (t) => {
  t.equal(strengthOf(5, 10, true), 0.5);
  t.equal(strengthOf(0, 10, false), 0);
  t.equal(strengthOf(1, 0, false), 0, 'a class without examples');
  t.ok(strengthOf(1, 10_000, false) >= 0.12, 'a single mistake is seen');
  t.equal(strengthOf(9, 10, false), 1);
});

t.test('the epoch that was asked for, or the nearest before it', async (t) => {
  t.equal(placeOfEpoch([1, 2, 3], null), 2, 'the latest');
  t.equal(placeOfEpoch([1, 2, 210, 220], 215), 2);
  t.equal(placeOfEpoch([4, 5], 1), 0);
});

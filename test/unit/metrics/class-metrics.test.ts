import t from 'tap';
import { classMetrics } from '../../../src/metrics/class-metrics.js';

const of = (confusionMatrix: number[][]) => ({ confusionMatrix, unpredictedCounts: confusionMatrix.map(() => 0) });

t.test('precision and recall by hand', async (t) => {
  t.same(classMetrics(of([[5, 1, 0], [2, 6, 0], [1, 3, 2]])), [
    { trueCount: 6, predictedCount: 8, correctCount: 5, precision: 5 / 8, recall: 5 / 6, f1: 5 / 7 },
    { trueCount: 8, predictedCount: 10, correctCount: 6, precision: 6 / 10, recall: 6 / 8, f1: 2 / 3 },
    { trueCount: 6, predictedCount: 2, correctCount: 2, precision: 1, recall: 2 / 6, f1: 1 / 2 },
  ]);
});

t.test('what there is none of has no share', async (t) => {
  const [never, absent, wrong, nowhere] = classMetrics(of([[0, 0, 3, 0], [0, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0]]));
  t.match(never, { precision: null, recall: 0, f1: 0 }, 'a class that is never predicted');
  t.match(absent, { precision: 0, recall: null, f1: 0 }, 'one that no example is of');
  t.match(wrong, { precision: 0, recall: 0, f1: 0 }, 'one that is always wrong');
  t.match(nowhere, { precision: null, recall: null, f1: null }, 'and one that is neither');
  t.same(classMetrics(of([])), []);
});

t.test('an example without a prediction is one that its class was not found in', async (t) => {
  const [three, other] = classMetrics({ confusionMatrix: [[100, 0], [0, 10]], unpredictedCounts: [900, 0] });
  t.same(three, { trueCount: 1000, predictedCount: 100, correctCount: 100, precision: 1, recall: 0.1, f1: 2 / 11 });
  t.match(other, { trueCount: 10, recall: 1 }, 'and leaves the others as they are');
});

// Which training states stay.
import t from 'tap';
import { checkpointsToDrop, type Retention } from '../../../src/artifacts/checkpoint-retention.js';
import type { MetricValue } from '../../../src/schemas/run.js';

/** Latest first: two states after each of five epochs, the first of them right after it. */
const LOSSES: MetricValue[] = [3, 1, 2, 'NaN', 0.5];
const states = LOSSES.flatMap((loss, i) => [0, 1].map((later) => ({ path: `${i + 1}.${later}`, epoch: i + 1, metrics: { loss, accuracy: loss } }))).reverse();
const kept = (changes: Partial<Retention>): string[] => {
  const dropped = new Set(checkpointsToDrop(states, { keepLast: 1, keepBest: 0, monitor: 'loss', direction: 'min', ...changes }));
  return states.filter((state) => !dropped.has(state)).map(({ path }) => path);
};

t.test('the latest stay', async (t) => {
  t.same(kept({}), ['5.1']);
  t.same(kept({ keepLast: 3 }), ['5.1', '5.0', '4.1']);
  t.same(kept({ keepLast: 99 }).length, 10, 'or all');
  t.same(checkpointsToDrop([], { keepLast: 1, keepBest: 1, monitor: 'loss', direction: 'min' }), [], 'of none, none goes');
});

t.test('the best stay as well, each as it was right after its epoch', async (t) => {
  t.same(kept({ keepBest: 2 }), ['5.1', '5.0', '2.0'], 'by a loss');
  t.same(kept({ keepBest: 2, monitor: 'accuracy', direction: 'max' }), ['5.1', '3.0', '1.0'], 'by an accuracy');
  t.same(kept({ keepBest: 9 }), ['5.1', '5.0', '3.0', '2.0', '1.0'], 'what is no number is never among them');
  t.same(kept({ keepBest: 2, monitor: 'val_loss' }), ['5.1'], 'nor is what was not measured');
});

import t from 'tap';
import { STOPPING_START, stoppingAfterEpoch, type EarlyStopping, type StoppingState } from '../../../src/ml/early-stopping.js';
import { directionOf, isImprovement, resolveMonitor, UnknownMonitorError } from '../../../src/ml/monitor.js';

/** The states after each epoch, up to and with the one that stops. */
function run(values: readonly number[], args: Omit<EarlyStopping, 'type'> = {}, direction: 'min' | 'max' = 'min'): StoppingState[] {
  const states: StoppingState[] = [];
  for (const [i, value] of values.entries()) {
    const state = stoppingAfterEpoch(states.at(-1) ?? STOPPING_START, { epoch: i + 1, value }, { callback: { type: 'earlyStopping', ...args }, direction });
    states.push(state);
    if (state.stop) break;
  }
  return states;
}

const stoppedAfter = (states: StoppingState[]): number | null => (states.at(-1)!.stop ? states.length : null);

t.test('it stops after as many epochs without improvement as its patience', async (t) => {
  const states = run([3, 2, 2.5, 2.1, 1.9], { patience: 2 });
  t.equal(stoppedAfter(states), 4, 'two epochs after the best');
  t.equal(states.at(-1)!.bestEpoch, 2, 'the best is known');
  t.same(states.map(({ keep }) => keep), [true, true, false, false], 'the weights of improving epochs are worth keeping');
  t.equal(stoppedAfter(run([3, 2, 1, 0.5], { patience: 1 })), null, 'not while it improves');
  t.equal(stoppedAfter(run([1, 1, 1], {})), 2, 'a patience of 0 stops at the first epoch without improvement');
});

t.test('a change below minDelta is no improvement', async (t) => {
  t.equal(stoppedAfter(run([1, 0.95, 0.91], { patience: 2, minDelta: 0.1 })), 3, 'small steps do not count');
  t.equal(stoppedAfter(run([1, 0.95, 0.89], { patience: 2, minDelta: 0.1 })), null, 'their sum does');
});

t.test('an accuracy should rise', async (t) => {
  t.equal(stoppedAfter(run([0.5, 0.6, 0.55, 0.58], { patience: 2 }, 'max')), 4, 'falling is no improvement');
});

t.test('only values better than the baseline reset the wait', async (t) => {
  const states = run([0.9, 0.8, 0.7], { patience: 2, baseline: 0.5 });
  t.equal(states.at(-1)!.bestEpoch, 3, 'improvement is kept');
  t.equal(stoppedAfter(states), null, 'an epoch that improves does not stop');
  t.equal(stoppedAfter(run([0.9, 0.8, 0.85], { patience: 2, baseline: 0.5 })), 3, 'the first that does not improve stops: the wait never began anew');
  t.equal(stoppedAfter(run([0.9, 0.4, 0.45], { patience: 2, baseline: 0.5 })), null, 'below the baseline it does');
});

t.test('it waits for its first epoch', async (t) => {
  const states = run([1, 5, 5, 4, 6], { patience: 1, startFromEpoch: 2 });
  t.equal(stoppedAfter(states), 5, 'earlier epochs are not watched');
  t.equal(states.at(-1)!.best, 4, 'nor remembered');
});

t.test('a NaN is never the best', async (t) => {
  const states = run([NaN, 2, NaN, NaN], { patience: 2 });
  t.equal(states[0]!.keep, true, 'though the first weights are kept: there are no others');
  t.equal(states[1]!.bestEpoch, 2, 'until a number comes');
  t.equal(stoppedAfter(states), 4, 'and it counts as no improvement');
});

t.test('monitors', async (t) => {
  t.equal(resolveMonitor(undefined, ['loss', 'val_loss']), 'val_loss', 'the validation loss by default');
  t.equal(resolveMonitor(undefined, ['loss', 'accuracy']), 'loss', 'the loss without a validation');
  t.equal(resolveMonitor('accuracy', ['loss', 'accuracy']), 'accuracy', 'or what is asked for');
  t.throws(() => resolveMonitor('val_acc', ['loss', 'val_accuracy']), UnknownMonitorError, 'an unknown one is refused');
  t.same([directionOf('val_accuracy'), directionOf('val_loss'), directionOf('loss', 'max')], ['max', 'min', 'max'], 'the mode follows the name');
  t.notOk(isImprovement(NaN, null, { direction: 'max' }), 'a NaN beats nothing');
});

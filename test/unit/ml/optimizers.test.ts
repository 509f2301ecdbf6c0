import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { createOptimizer } from '../../../src/ml/engines/optimizers.js';
import type { Optimizer } from '../../../src/schemas/optimization.js';
import { KERAS_OPTIMIZERS } from '../../fixtures/keras-numbers.js';
import { near, useCpu } from '../../helpers/ml.js';

t.before(useCpu);

/** Six gradients of four weights: one turns, one is zero at first, one is large, one is tiny. */
const gradient = (k: number): number[] => [Math.sin(k + 1), k < 2 ? 0 : 0.5, -2 * Math.cos(k), 1e-3];

function afterSixSteps(spec: Optimizer): number[] {
  const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, -2, 0.5, 0])));
  const optimizer = createOptimizer(spec, [{ name: 'w', variable }]);
  for (let k = 0; k < 6; k++) {
    tf.tidy(() => optimizer.apply({ [variable.name]: tf.tensor1d(gradient(k)) }, tf.scalar(optimizer.rateAt(k < 3 ? 0.1 : 0.05, k + 1))));
  }
  const values = [...variable.dataSync()];
  optimizer.dispose();
  variable.dispose();
  return values;
}

t.test('six steps, the learning rate halved after three, end where Keras ends', async (t) => {
  const before = tf.memory().numTensors;
  const cases: Record<keyof typeof KERAS_OPTIMIZERS, Optimizer> = {
    sgd: { type: 'sgd' },
    sgdMomentum: { type: 'sgd', momentum: 0.9 },
    sgdNesterov: { type: 'sgd', momentum: 0.9, nesterov: true },
    rmsprop: { type: 'rmsprop' },
    rmspropMomentum: { type: 'rmsprop', rho: 0.8, momentum: 0.5 },
    rmspropCentered: { type: 'rmsprop', centered: true },
    adagrad: { type: 'adagrad' },
    adadelta: { type: 'adadelta' },
    adam: { type: 'adam' },
    adamax: { type: 'adamax' },
  };
  for (const [name, spec] of Object.entries(cases)) {
    near(t, afterSixSteps(spec), KERAS_OPTIMIZERS[name as keyof typeof cases], { message: name, tolerance: 1e-5 });
  }
  t.equal(tf.memory().numTensors, before, 'and leave no tensor behind');
});

t.test('a weight that never moves its gradient does not become NaN', async (t) => {
  const variable = tf.variable(tf.tensor1d([1]));
  const optimizer = createOptimizer({ type: 'rmsprop', centered: true }, [{ name: 'w', variable }]);
  for (let k = 1; k <= 50; k++) tf.tidy(() => optimizer.apply({ [variable.name]: tf.tensor1d([k < 25 ? 0 : 30]) }, tf.scalar(optimizer.rateAt(0.01, k))));
  t.ok(Number.isFinite(variable.dataSync()[0]!), 'with centred RMSProp, whose variance rounds to zero');
});

t.test('slots are named after their weight', async (t) => {
  const variable = tf.variable(tf.tensor1d([1]));
  const names = (spec: Optimizer) => createOptimizer(spec, [{ name: 'dense/kernel', variable }]).slots.map(({ name }) => name);
  t.same(names({ type: 'adam' }), ['dense/kernel/m', 'dense/kernel/v'], 'both moments of Adam');
  t.same(names({ type: 'sgd' }), [], 'plain SGD has none');
});

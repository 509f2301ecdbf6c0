import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { lossFunction, metricFunction, targetGatherer, type BatchFunction, type LossChoice } from '../../../src/ml/metrics.js';
import { LOSSES } from '../../../src/schemas/spec.js';
import { KERAS_LOSSES } from '../../fixtures/keras-numbers.js';
import { near, useCpu } from '../../helpers/ml.js';

t.before(useCpu);

const ONE_HOT = [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]];
/** Rows that do not sum to 1, and answers that are certain and wrong. */
const PROBABILITIES = [[0.1, 0.2, 0.7], [0, 1, 0], [0.3, 0.5, 0.4], [0.05, 0.9, 0.05]];
const LOGITS = [[1, 2, 3], [-40, 60, 0], [0.5, 0.25, -3], [100, -100, 99]];
const BINARY = { target: [[1], [0], [1], [0]], p: [[0.9], [0.2], [0], [0.6]], logits: [[2.5], [-70], [-3], [0.2]] };
const VALUES = { target: [[0.5, -1], [2, 3], [0, 0.25]], output: [[0.25, 1], [2.5, -3], [0.125, 0.25]] };

function value(compute: BatchFunction, target: number[][], output: number[][]): number {
  return tf.tidy(() => compute(tf.tensor2d(target), tf.tensor2d(output)).dataSync()[0]!);
}
const loss = (type: LossChoice['type'], fromLogits = false): BatchFunction => lossFunction({ type, fromLogits });

t.test('losses equal those of Keras, clipped probabilities and large logits included', async (t) => {
  const cases: [string, number, number][] = [
    ['categoricalCrossentropy', value(loss('categoricalCrossentropy'), ONE_HOT, PROBABILITIES), KERAS_LOSSES.categorical],
    ['sparseCategoricalCrossentropy', value(loss('sparseCategoricalCrossentropy'), ONE_HOT, PROBABILITIES), KERAS_LOSSES.sparse],
    ['categoricalCrossentropy of logits', value(loss('categoricalCrossentropy', true), ONE_HOT, LOGITS), KERAS_LOSSES.categoricalLogits],
    ['sparseCategoricalCrossentropy of logits', value(loss('sparseCategoricalCrossentropy', true), ONE_HOT, LOGITS), KERAS_LOSSES.sparseLogits],
    ['binaryCrossentropy', value(loss('binaryCrossentropy'), BINARY.target, BINARY.p), KERAS_LOSSES.binary],
    ['binaryCrossentropy of logits', value(loss('binaryCrossentropy', true), BINARY.target, BINARY.logits), KERAS_LOSSES.binaryLogits],
    ['binaryCrossentropy of several outputs', value(loss('binaryCrossentropy'), ONE_HOT, PROBABILITIES), KERAS_LOSSES.binaryOneHot],
    ['meanSquaredError', value(loss('meanSquaredError'), VALUES.target, VALUES.output), KERAS_LOSSES.mse],
    ['meanAbsoluteError', value(loss('meanAbsoluteError'), VALUES.target, VALUES.output), KERAS_LOSSES.mae],
  ];
  for (const [name, found, keras] of cases) near(t, [found], [keras], { message: `${name} is ${keras.toFixed(4)}`, tolerance: 1e-6 });
});

t.test('gradients of losses are those of finite differences', async (t) => {
  const output = [[0.3, 0.5, 0.2], [0.6, 0.3, 0.1], [0.25, 0.35, 0.4], [0.1, 0.2, 0.7]];
  for (const type of LOSSES) {
    for (const fromLogits of type.endsWith('Crossentropy') ? [false, true] : [false]) {
      const compute = loss(type, fromLogits);
      const gradient = tf.tidy(() => tf.grad((o) => compute(tf.tensor2d(ONE_HOT), o))(tf.tensor2d(output)).dataSync());
      const step = 1e-2;
      const shifted = (row: number, column: number, by: number) => output.map((values, r) => values.map((p, c) => (r === row && c === column ? p + by : p)));
      const differences = output.flatMap((values, r) =>
        values.map((_, c) => (value(compute, ONE_HOT, shifted(r, c, step)) - value(compute, ONE_HOT, shifted(r, c, -step))) / (2 * step)),
      );
      near(t, gradient, differences, { message: `${type}${fromLogits ? ' of logits' : ''}`, tolerance: 5e-3 });
    }
  }
});

t.test('stable logits keep their gradient where probabilities are saturated', async (t) => {
  const gradient = tf.tidy(() => tf.grad((o) => loss('categoricalCrossentropy', true)(tf.tensor2d([[1, 0]]), o))(tf.tensor2d([[-200, 200]])).dataSync());
  near(t, gradient, [-1, 1], { message: 'of a certain and wrong answer' });
});

t.test('accuracy counts right answers', async (t) => {
  const crossentropy: LossChoice = { type: 'categoricalCrossentropy', fromLogits: false };
  t.equal(value(metricFunction('accuracy', crossentropy, true), ONE_HOT, PROBABILITIES), KERAS_LOSSES.catAcc, 'the greatest output names the class');
  const binary: LossChoice = { type: 'binaryCrossentropy', fromLogits: false };
  t.equal(value(metricFunction('accuracy', binary, true), BINARY.target, BINARY.p), KERAS_LOSSES.binAcc, 'a single output says yes above a half');
  const logits: LossChoice = { type: 'binaryCrossentropy', fromLogits: true };
  t.equal(value(metricFunction('accuracy', logits, true), BINARY.target, BINARY.logits), 0.5, 'a single logit above zero');
  t.equal(value(metricFunction('accuracy', logits, true), [[1]], [[0.2]]), 1, 'also below a half');
  t.equal(value(metricFunction('accuracy', binary, false), [[1, 1, 0]], [[0.9, 0.8, 0.7]]).toFixed(4), '0.6667', 'independent outputs count one by one');
});

t.test('a metric takes logits when the loss does', async (t) => {
  const metric = metricFunction('categoricalCrossentropy', { type: 'sparseCategoricalCrossentropy', fromLogits: true }, true);
  near(t, [value(metric, ONE_HOT, LOGITS)], [KERAS_LOSSES.categoricalLogits], { message: 'cross-entropy of logits' });
});

t.test('labels become what the loss wants', async (t) => {
  const crossentropy: LossChoice = { type: 'categoricalCrossentropy', fromLogits: false };
  const gathered = (choice: Parameters<typeof targetGatherer>[0], y: Uint8Array | Float32Array, rows: number[], size: number): number[] => {
    const out = new Float32Array(rows.length * size).fill(9);
    targetGatherer(choice).gather(y, rows, out);
    return [...out];
  };
  t.same(gathered({ classCount: 3, loss: crossentropy, outputShape: [3] }, Uint8Array.of(2, 0, 1), [1, 0], 3), [1, 0, 0, 0, 0, 1], 'one-hot rows');
  t.same(gathered({ classCount: 2, loss: { type: 'binaryCrossentropy', fromLogits: false }, outputShape: [1] }, Uint8Array.of(1, 0), [0, 1], 1), [1, 0], 'values for one output');
  t.same(gathered({ classCount: null, loss: { type: 'meanSquaredError', fromLogits: false }, outputShape: [2] }, Float32Array.of(1, 2, 3, 4), [1], 2), [3, 4], 'rows of values');
  t.throws(() => targetGatherer({ classCount: 3, loss: crossentropy, outputShape: [2, 2] }), /one row/, 'class labels do not fit an image');
});

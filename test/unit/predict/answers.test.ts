// What is said of a model's outputs, by the loss that it was trained with.
import t from 'tap';
import { toPrediction } from '../../../src/portable/answer.js';
import { toPredictions } from '../../../src/predict/answers.js';

const one = (...outputs: number[]) => ({ outputs: Float32Array.from(outputs), count: 1 });
const digits = ['0', '1', '2'];

t.test('probabilities come with the likeliest class', async (t) => {
  t.same(
    toPredictions({ outputs: Float32Array.of(0.25, 0.5, 0.25, 1, 0, 0), count: 2 }, { loss: 'categoricalCrossentropy', labels: digits }),
    [{ label: '1', index: 1, probabilities: [0.25, 0.5, 0.25] }, { label: '0', index: 0, probabilities: [1, 0, 0] }],
  );
});

t.test('logits are turned into probabilities', async (t) => {
  const [soft] = toPredictions(one(1000, 1001, 1000), { loss: { type: 'sparseCategoricalCrossentropy', fromLogits: true }, labels: digits });
  t.equal(soft?.label, '1');
  t.same(soft?.probabilities?.map((value) => value.toFixed(4)), ['0.2119', '0.5761', '0.2119'], 'by softmax, which does not overflow');
  const [binary] = toPredictions(one(0), { loss: { type: 'binaryCrossentropy', fromLogits: true }, labels: ['no', 'yes'] });
  t.same(binary, { label: 'no', index: 0, probabilities: [0.5, 0.5] }, 'by the sigmoid where the loss is binary; the first of equals is taken');
});

t.test('probabilities are what the loss takes the outputs for', async (t) => {
  const [shares] = toPredictions(one(1, 3, 0), { loss: 'categoricalCrossentropy', labels: digits });
  t.same(shares, { label: '1', index: 1, probabilities: [0.25, 0.75, 0] }, 'shares of their sum');
  const [each] = toPredictions(one(0.25, 0.75, 1.5), { loss: 'binaryCrossentropy', labels: digits });
  t.same(each?.probabilities, [0.25, 0.75, 1], 'each by itself where the loss is binary');
  const [sure] = toPredictions(one(50, 60, 40), { loss: { type: 'binaryCrossentropy', fromLogits: true }, labels: digits });
  t.match(sure, { label: '1', probabilities: [1, 1, 1] }, 'whose rounding leaves the class as it is');
});

t.test('one output for two labels is the second one\'s', async (t) => {
  t.same(toPredictions(one(0.75), { loss: 'binaryCrossentropy', labels: ['no', 'yes'] }), [{ label: 'yes', index: 1, probabilities: [0.25, 0.75] }]);
});

t.test('other losses answer values', async (t) => {
  t.same(toPredictions(one(3.5), { loss: 'meanSquaredError', labels: null }), [{ values: [3.5] }]);
  t.same(toPredictions(one(-1, 2, 0), { loss: 'meanSquaredError', labels: digits }), [{ label: '1', index: 1, values: [-1, 2, 0] }], 'with the class where they are classes');
});

t.test('of NaN nothing is said', async (t) => {
  for (const loss of ['categoricalCrossentropy', 'binaryCrossentropy', { type: 'categoricalCrossentropy', fromLogits: true }] as const) {
    t.same(toPrediction([NaN, NaN, NaN], { loss, labels: digits }), { probabilities: [NaN, NaN, NaN] });
  }
  t.same(toPrediction([NaN], { loss: 'binaryCrossentropy', labels: ['no', 'yes'] }), { probabilities: [NaN, NaN] });
});

t.test('what is not finite is refused', async (t) => {
  t.throws(() => toPredictions({ outputs: Float32Array.of(1, Number.NaN), count: 2 }, { loss: 'meanSquaredError', labels: null }), {
    code: 'impossible_input',
    problems: [{ pointer: '/instances/1' }],
  });
});

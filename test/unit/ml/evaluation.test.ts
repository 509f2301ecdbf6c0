import t from 'tap';
import { createEvaluator, isEvaluationTold, type ClassifierChoice, type Evaluation } from '../../../src/ml/evaluation.js';
import { MAX_SAMPLES } from '../../../src/schemas/evaluation-limits.js';
import type { LossName } from '../../../src/schemas/spec.js';

interface Case extends Partial<Omit<ClassifierChoice, 'loss' | 'examples'>> {
  type?: LossName;
  fromLogits?: boolean;
  y: readonly number[];
  from?: number;
}

function choiceOf({ type = 'categoricalCrossentropy', fromLogits = false, y, from = 0, ...rest }: Case): ClassifierChoice {
  return {
    loss: { type, fromLogits }, outputShape: [3], classCount: 3, labels: ['cat', 'dog', 'fox'],
    examples: { y: Uint8Array.from(y), place: { split: from === 0 ? 'test' : 'train', from } }, ...rest,
  };
}

/** As an engine tells it: in parts. */
function evaluate(about: Case, rows: readonly (readonly number[])[], partSize = 2): Evaluation {
  const tally = createEvaluator(choiceOf(about))!.begin();
  for (let from = 0; from < rows.length; from += partSize) tally.add(Float32Array.from(rows.slice(from, from + partSize).flat()), from);
  return tally.evaluation();
}

t.test('the matrix counts true classes by predicted ones', async (t) => {
  const y = [0, 0, 1, 2, 2];
  const rows = [[0.75, 0.25, 0], [0.25, 0.5, 0.25], [0, 1, 0], [0.625, 0.25, 0.125], [0.125, 0.25, 0.625]];
  const { confusionMatrix, labels, split, unpredictedCounts } = evaluate({ y }, rows);
  t.same(confusionMatrix, [[1, 1, 0], [0, 1, 0], [1, 0, 1]], 'rows are true, columns predicted');
  t.same({ labels, split, unpredictedCounts }, { labels: ['cat', 'dog', 'fox'], split: 'test', unpredictedCounts: [0, 0, 0] });
  t.same(evaluate({ y }, rows, 5), evaluate({ y }, rows, 1), 'however the outputs come');
  t.same(evaluate({ y, labels: ['cat'] }, rows).labels, ['cat', '1', '2'], 'a class without a name has its number');
});

t.test('the wrong ones come first, the surest of them before the others', async (t) => {
  const y = [0, 0, 1, 2, 2, 1, 0];
  const rows = [[0.75, 0.25, 0], [0.25, 0.5, 0.25], [0, 1, 0], [0.625, 0.25, 0.125], [0.125, 0.25, 0.625], [0.5, 0.25, 0.25], [0.375, 0.3125, 0.3125]];
  const { samples } = evaluate({ y, from: 100 }, rows);
  t.same(samples.map(({ index }) => index), [103, 101, 105, 106, 104, 100, 102], 'of equals that which comes first; then the right ones, from the least sure on; with their place in the data set');
  t.same(samples[0], { index: 103, trueClass: 2, predictedClass: 0, trueProbability: 0.125, predictedProbability: 0.625 });
  t.same(samples.at(-1), { index: 102, trueClass: 1, predictedClass: 1, trueProbability: 1, predictedProbability: 1 });
});

t.test('there are at most sixty samples, the same as a sort would choose', async (t) => {
  const share = (i: number) => 0.5 + ((i * 7919) % 997) / 2000;
  const rows = Array.from({ length: 500 }, (_, i) => [share(i), 1 - share(i), 0]);
  for (const wrongEvery of [2, 20]) {
    const y = rows.map((_, i) => (i % wrongEvery === 0 ? 2 : 0));
    const { samples } = evaluate({ y }, rows, 64);
    const by = (right: boolean) => rows.map((row, index) => ({ index, p: Math.fround(row[0]!) })).filter(({ index }) => (y[index] === 0) === right).sort((a, b) => (right ? a.p - b.p : b.p - a.p) || a.index - b.index);
    t.same(samples.map(({ index }) => index), [...by(false), ...by(true)].slice(0, MAX_SAMPLES).map(({ index }) => index), `one of ${wrongEvery} is wrong`);
    t.equal(samples.length, 60);
  }
});

t.test('probabilities are what the loss takes the outputs for', async (t) => {
  const only = (about: Partial<Case>, row: readonly number[]) => {
    const { trueClass, predictedClass, trueProbability, predictedProbability } = evaluate({ y: [0], ...about }, [row]).samples[0]!;
    return [trueClass, predictedClass, trueProbability, predictedProbability];
  };
  t.same(only({}, [1, 3, 0]), [0, 1, 0.25, 0.75], 'shares of the sum');
  t.same(only({}, [-1, -2, -3]), [0, 0, 0.333333, 0.333333], 'of nothing, equal ones');
  t.same(only({ fromLogits: true }, [0, Math.log(3), -Infinity]), [0, 1, 0.25, 0.75], 'a softmax of logits');
  t.same(only({ type: 'sparseCategoricalCrossentropy', fromLogits: true }, [1000, 1002, 900]), [0, 1, 0.119203, 0.880797], 'which does not overflow');
  t.same(only({ fromLogits: true }, [0, Infinity, Infinity]), [0, 1, 0, 0.5], 'or break at infinite ones');
  t.same(only({}, [Infinity, 0, 0]), [0, 0, 1, 1], 'nor do shares');
  t.same(only({ type: 'binaryCrossentropy' }, [0.25, 0.75, 0.5]), [0, 1, 0.25, 0.75], 'each output by itself');
  t.same(only({ type: 'binaryCrossentropy', fromLogits: true }, [0, Math.log(3), -9]), [0, 1, 0.5, 0.75], 'through the sigmoid');
  t.same(only({ type: 'binaryCrossentropy', fromLogits: true }, [50, 60, 40]), [0, 1, 1, 1], 'whose rounding leaves the class as it is');
  t.same(only({}, [0.5, 0.5, 0]), [0, 0, 0.5, 0.5], 'of equal outputs the first is the answer');
});

t.test('one output is two classes', async (t) => {
  const two = { type: 'binaryCrossentropy', outputShape: [1], classCount: 2, labels: ['no', 'yes'], y: [1, 0, 1, 0] } as const;
  const { confusionMatrix, samples, labels } = evaluate(two, [[0.75], [0.5], [0.25], [0.875]]);
  t.same(confusionMatrix, [[1, 1], [1, 1]], 'one half says no');
  t.same(labels, ['no', 'yes']);
  t.same(samples[0], { index: 3, trueClass: 0, predictedClass: 1, trueProbability: 0.125, predictedProbability: 0.875 });
  t.same(samples[1], { index: 2, trueClass: 1, predictedClass: 0, trueProbability: 0.25, predictedProbability: 0.75 });
  t.same(evaluate({ ...two, fromLogits: true }, [[0.1], [0], [-0.1], [9]]).confusionMatrix, [[1, 1], [1, 1]], 'of logits, 0 says no');
});

t.test('an example with a NaN among its outputs has no predicted class', async (t) => {
  const { confusionMatrix, unpredictedCounts, samples } = evaluate({ y: [0, 1, 2, 2] }, [[1, 0, 0], [NaN, NaN, NaN], [0, 0.5, NaN], [0, 0, 1]]);
  t.same(confusionMatrix, [[1, 0, 0], [0, 0, 0], [0, 0, 1]], 'it is in no cell');
  t.same(unpredictedCounts, [0, 1, 1], 'but counted for its class');
  t.same(samples.map(({ index }) => index), [0, 3], 'and not shown');
  const one = evaluate({ type: 'binaryCrossentropy', outputShape: [1], classCount: 2, y: [0, 1] }, [[NaN], [1]]);
  t.same([one.confusionMatrix, one.unpredictedCounts], [[[0, 0], [0, 1]], [1, 0]], 'also of a single output');
});

t.test('what tells no classes apart has no evaluation', async (t) => {
  const has = (about: Partial<Case>) => createEvaluator(choiceOf({ y: [], ...about })) !== null;
  t.ok(has({ outputShape: [2] }) && has({ outputShape: [100] }), 'from two classes to a hundred');
  t.notOk(has({ outputShape: [101] }), 'not more');
  t.notOk(has({ type: 'meanSquaredError' }), 'another loss');
  t.notOk(has({ classCount: null }), 'targets that are values');
  t.ok(has({ classCount: null, type: 'sparseCategoricalCrossentropy' }), 'whose classes a loss may name');
  t.notOk(has({ outputShape: [4, 4, 3] }), 'a picture as output');
  t.notOk(has({ outputShape: [1] }), 'one output');
  t.notOk(has({ outputShape: [1], type: 'binaryCrossentropy' }), 'for three classes');
});

t.test('a run of very many epochs tells some hundred evaluations', async (t) => {
  const told = (epochs: number) => Array.from({ length: epochs }, (_, i) => i + 1).filter(isEvaluationTold);
  t.equal(told(200).length, 200, 'all at first');
  t.same(told(230).slice(200), [210, 220, 230], 'then every tenth');
  t.same(told(2300).slice(-3), [2100, 2200, 2300], 'hundredth');
  t.equal(told(100_000).length, 200 + 180 + 180 + 80);
});

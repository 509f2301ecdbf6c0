import * as tf from '@tensorflow/tfjs-core';
import t, { type Test } from 'tap';
import { createEagerEngine } from '../../../src/ml/engines/eager/engine.js';
import type { BatchResult, EngineSession, EngineSpec, Examples, TrainBatch } from '../../../src/ml/engines/engine.js';
import { loadModel, predict, withLabels } from '../../../src/ml/model-files.js';
import { permutation } from '../../../src/ml/rng.js';
import type { Optimizer } from '../../../src/schemas/optimization.js';
import { chain, classifierSpec, near, useCpu, wave } from '../../helpers/ml.js';

t.before(useCpu);

const SHAPE = [4];
const COUNT = 24;
/** Three classes by which of the first three values is greatest, as bytes. */
const x = Uint8Array.from(wave(COUNT * 4, 2), (value) => Math.round((value + 0.5) * 255));
const y = Uint8Array.from({ length: COUNT }, (_, i) => [0, 1, 2].reduce((best, j) => (x[i * 4 + j]! > x[i * 4 + best]! ? j : best), 0));
const examples: Examples = { x, y, count: COUNT, shape: SHAPE };

const graph = chain(SHAPE, [
  { type: 'dense', units: 6, activation: 'relu', kernelRegularizer: { l2: 0.001 } },
  { type: 'batchNormalization' },
  { type: 'dropout', rate: 0.25 },
  { type: 'dense', units: 3, activation: 'softmax' },
]);

async function open(t: Test, changes: Partial<EngineSpec> = {}): Promise<EngineSession> {
  const spec = classifierSpec({ graph, inputShape: SHAPE, preprocessing: [{ type: 'rescaling', scale: 1 / 255 }], ...changes });
  const session = await createEagerEngine(spec);
  t.teardown(() => session.dispose());
  session.bind('train', examples);
  return session;
}

/** Batches of 7 out of shuffled epochs, so the last of each is short. */
function batches(from: number, to: number): TrainBatch[] {
  return Array.from({ length: to - from }, (_, i) => {
    const step = from + i;
    const epoch = Math.floor(step / 4) + 1;
    const indices = permutation(COUNT, { seed: 7, epoch }).subarray((step % 4) * 7, (step % 4) * 7 + 7);
    return { indices, step, epoch, learningRate: 0.05 / epoch };
  });
}
const losses = (results: readonly BatchResult[]): number[] => results.map(({ loss }) => loss);

const OPTIMIZERS: Optimizer[] = [
  { type: 'sgd' },
  { type: 'sgd', momentum: 0.9, nesterov: true },
  { type: 'rmsprop', momentum: 0.5, centered: true },
  { type: 'adagrad' },
  { type: 'adadelta' },
  { type: 'adam' },
  { type: 'adamax' },
];

t.test('ten steps equal five, a save, a new session and five more, bit for bit', async (t) => {
  for (const optimizer of OPTIMIZERS) {
    await t.test(JSON.stringify(optimizer), async (t) => {
      const whole = await open(t, { optimizer });
      const wanted = losses(await whole.train(batches(0, 10)));
      const first = await open(t, { optimizer });
      const found = losses(await first.train(batches(0, 5)));
      const second = await open(t, { optimizer, seed: 7 });
      const state = await first.getState();
      second.setState(structuredClone(state));
      t.equal(state.step, 5, 'the state knows its steps');
      found.push(...losses(await second.train(batches(5, 10))));
      t.same(found, wanted, 'the same losses');
      t.same(await second.getState(), await whole.getState(), 'and the same state');
    });
  }
});

t.test('blocks do not change the numbers, seeds do', async (t) => {
  const atOnce = losses(await (await open(t)).train(batches(0, 6)));
  const single = await open(t);
  const oneByOne: number[] = [];
  for (const batch of batches(0, 6)) oneByOne.push(...losses(await single.train([batch])));
  t.same(oneByOne, atOnce, 'one step at a time gives the same');
  t.notSame(losses(await (await open(t, { seed: 8 })).train(batches(0, 6))), atOnce, 'another seed gives others');
  t.equal(single.blockSize, 1, 'the slow backend reports each step');
  t.equal(single.backend, 'cpu', 'and says which it is');
});

t.test('steps, evaluations and predictions leave no tensor behind', async (t) => {
  const session = await open(t, { optimizer: { type: 'adam' }, metrics: ['accuracy', 'meanSquaredError'] });
  const work = async (): Promise<number> => {
    await session.train(batches(0, 3));
    await session.evaluate('train', 5, { onOutputs: () => undefined });
    await session.predict(x, COUNT);
    await session.setWeights(await session.getWeights());
    session.setState(await session.getState());
    await session.save();
    return tf.memory().numTensors;
  };
  const after = await work();
  t.equal(await work(), after, 'the second time as many as the first');
  const outside = tf.memory().numTensors;
  const other = await open(t);
  const inside = tf.memory().numTensors - outside;
  other.dispose();
  t.ok(inside > 0 && tf.memory().numTensors === outside, 'and a session takes its own along');
});

t.test('a batch in parts needs the memory of one part, and leaves nothing behind', async (t) => {
  const layers = [{ type: 'dense', units: 256, activation: 'relu' }, { type: 'dense', units: 256, activation: 'relu' }, { type: 'dense', units: 3, activation: 'softmax' }] as const;
  const count = COUNT * 40;
  const many: Examples = { x: Uint8Array.from({ length: count * 4 }, (_, i) => x[i % x.length]!), y: Uint8Array.from({ length: count }, (_, i) => y[i % COUNT]!), count, shape: SHAPE };
  const batch: TrainBatch = { indices: Int32Array.from({ length: count }, (_, i) => i), step: 0, epoch: 0, learningRate: 0.01 };
  const peakBytes = async (gradientAccumulationSteps: number, work: (session: EngineSession) => Promise<unknown>): Promise<number> => {
    const session = await open(t, { graph: chain(SHAPE, [...layers]), gradientAccumulationSteps });
    session.bind('train', many);
    const before = tf.memory();
    const { peakBytes } = await tf.profile(() => work(session) as Promise<tf.TensorContainer>);
    t.equal(tf.memory().numTensors, before.numTensors, 'no tensor is left');
    return peakBytes - before.numBytes;
  };
  const training = (session: EngineSession): Promise<unknown> => session.train([batch]);
  const [atOnce, inEight] = [await peakBytes(1, training), await peakBytes(8, training)];
  t.ok(inEight < atOnce / 3, `training takes ${inEight} bytes instead of ${atOnce}`);
  const evaluation = (session: EngineSession): Promise<unknown> => session.evaluate('train', count);
  const [evaluated, evaluatedInEight] = [await peakBytes(1, evaluation), await peakBytes(8, evaluation)];
  t.ok(evaluatedInEight < evaluated / 3, `evaluating takes ${evaluatedInEight} bytes instead of ${evaluated}`);
});

t.test('an evaluation weighs batches by their examples', async (t) => {
  const session = await open(t, { metrics: ['accuracy', 'categoricalCrossentropy'] });
  const whole = await session.evaluate('train', COUNT);
  const parts = await session.evaluate('train', 7);
  near(t, [parts.loss, parts.metrics.accuracy!], [whole.loss, whole.metrics.accuracy!], { message: 'a short last batch does not count for more' });
  t.ok(whole.loss > whole.metrics.categorical_crossentropy!, 'the loss has the penalty, the metric has not');
  const outputs = new Float32Array(COUNT * 3);
  const told: number[] = [];
  const same = await session.evaluate('train', 7, { onOutputs: (part, from) => void (outputs.set(part, from * 3), told.push(from)) });
  t.same([same, told], [parts, [0, 7, 14, 21]], 'it may tell the outputs as well, in their order');
  t.same(outputs, await session.predict(x, COUNT), 'which are the predictions');
  const stop = new Error('enough');
  await t.rejects(session.evaluate('train', 7, { onBatch: async () => { throw stop; } }), stop, 'its caller may stop it between batches');
  await t.rejects(session.evaluate('validation', 7), /no validation examples/, 'a split that is not bound has none');
});

t.test('the loss falls and predictions follow the labels', async (t) => {
  const session = await open(t, { optimizer: { type: 'adam' } });
  const before = (await session.evaluate('train', COUNT)).loss;
  for (let round = 0; round < 20; round++) await session.train(batches(round * 10, round * 10 + 10).map((batch) => ({ ...batch, learningRate: 0.02 })));
  const after = await session.evaluate('train', COUNT);
  t.ok(after.loss < before / 2, `from ${before.toFixed(3)} to ${after.loss.toFixed(3)}`);
  const output = await session.predict(x, COUNT);
  const right = [...y].filter((label, i) => output.subarray(i * 3, i * 3 + 3).indexOf(Math.max(...output.subarray(i * 3, i * 3 + 3))) === label).length;
  t.equal(right / COUNT, Math.round(after.metrics.accuracy! * COUNT) / COUNT, 'the accuracy is the share of right predictions');
});

t.test('a saved model predicts the same from raw values', async (t) => {
  const session = await open(t);
  await session.train(batches(0, 4));
  const files = withLabels(await session.save(), ['left', 'middle', 'right']);
  const text = JSON.stringify(files.modelJson);
  const loaded = await loadModel(JSON.parse(text) as Record<string, unknown>, files.weightData);
  t.teardown(() => loaded.model.dispose());
  t.same(loaded.metadata, { preprocessing: [{ type: 'rescaling', scale: 1 / 255 }], labels: ['left', 'middle', 'right'], inputShape: SHAPE }, 'the metadata');
  near(t, await predict(loaded, x, COUNT), await session.predict(x, COUNT), { message: 'through the run\'s own preprocessing', tolerance: 1e-6 });
  t.match(files.modelJson, { format: 'layers-model', weightsManifest: [{ paths: ['weights.bin'] }] }, 'the standard form');
  await t.rejects(predict(loaded, x, 3), /not 3 examples/, 'a wrong number of values is refused');
  const { userDefinedMetadata: _, ...bare } = JSON.parse(text) as Record<string, unknown>;
  await t.rejects(loadModel(bare, files.weightData), /preprocessed/, 'a model without metadata as well');
});

t.test('what does not fit is refused', async (t) => {
  const session = await open(t);
  t.throws(() => session.bind('train', { ...examples, shape: [2, 2] }), /do not fit/, 'examples of another shape');
  t.throws(() => session.bind('train', { ...examples, count: 23 }), /not 23 examples/, 'too many values');
  t.throws(() => session.bind('train', { ...examples, y: y.subarray(1) }), /y has 23 values/, 'too few labels');
  t.throws(() => session.bind('train', { ...examples, y: y.with(5, 3) }), /label 3 of example 5 is not among 3 classes/, 'a label that is no class');
  const weights = await session.getWeights();
  t.throws(() => session.setWeights(weights.slice(1)), /missing/, 'a weight that is missing');
  t.throws(() => session.setWeights([...weights, { ...weights[0]!, name: 'other' }]), /has no other/, 'one too many');
  t.throws(() => session.setWeights(weights.map((weight) => ({ ...weight, shape: [...weight.shape, 1] }))), /has shape/, 'another shape');
  t.same(await session.getWeights(), weights, 'and nothing has changed');
});

t.test('a loss that is no number is passed on', async (t) => {
  const session = await open(t);
  const results = await session.train(batches(0, 3).map((batch) => ({ ...batch, learningRate: 1e38 })));
  t.notOk(Number.isFinite(results.at(-1)!.loss), 'as it is');
});

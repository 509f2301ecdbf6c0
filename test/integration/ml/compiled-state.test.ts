// What a run continues from is the same in both engines: initial weights, dropout masks, state, and files.
import * as tf from '@tensorflow/tfjs-core';
import t, { type Test } from 'tap';
import { createCompiledEngine } from '../../../src/ml/engines/compiled/engine.js';
import type { EngineSession, EngineState, StoredTensor } from '../../../src/ml/engines/engine.js';
import { loadModel, predict, withLabels } from '../../../src/ml/model-files.js';
import { batchesOf, examplesOf, openEager, openRuntimes, specOf, type ParityModel } from '../../helpers/engine-parity.js';
import { near, useCpu } from '../../helpers/ml.js';

const MODEL: ParityModel = {
  model: {
    layers: [
      { type: 'conv2d', filters: 5, kernelSize: 2, activation: 'relu', kernelRegularizer: { l2: 0.01 } },
      { type: 'batchNormalization' },
      { type: 'dropout', rate: 0.25 },
      { type: 'flatten' },
      { type: 'dropout', rate: 0.5 },
      { type: 'dense', units: 3, activation: 'softmax' },
    ],
  },
  inputShape: [5, 4, 3],
  loss: { type: 'categoricalCrossentropy', fromLogits: false },
  optimizer: { type: 'adam' },
  learningRate: 0.005,
  bytes: true,
  preprocessing: [{ type: 'rescaling', scale: 1 / 255 }],
};

const [runtime] = await openRuntimes();

/** Whichever was opened last is TF.js' current backend, so an eager session is used up before a compiled one is opened. */
async function open(t: Test, engine: 'eager' | 'compiled', model: ParityModel = MODEL): Promise<EngineSession> {
  const session = engine === 'eager' ? await openEager(model) : await createCompiledEngine(specOf(model), runtime!);
  t.teardown(() => session.dispose());
  session.bind('train', examplesOf(model));
  return session;
}

const BATCHES = batchesOf(MODEL);
const signature = ({ weights, optimizer }: EngineState) => [weights, optimizer].map((tensors) => tensors.map(({ name, shape, dtype }) => ({ name, shape, dtype })));
const flat = (tensors: readonly StoredTensor[]): number[] => tensors.flatMap(({ data }) => Array.from(data));
const losses = async (session: EngineSession, [from, to]: readonly [number, number]): Promise<number[]> => (await session.train(BATCHES.slice(from, to))).map(({ loss }) => loss);

t.test('a seed gives the same initial state in both engines', async (t) => {
  const eager = await (await open(t, 'eager')).getState();
  const compiled = await (await open(t, 'compiled')).getState();
  t.same(compiled, eager, 'names, shapes and every number');
  const other = await createCompiledEngine({ ...specOf(MODEL), seed: 6 }, runtime!);
  t.teardown(() => other.dispose());
  t.notSame((await other.getState()).weights, eager.weights, 'another seed gives other weights');
});

t.test('a run goes on in the other engine', async (t) => {
  const first = await open(t, 'eager');
  const before = await losses(first, [0, 8]);
  const half = await first.getState();
  const wanted = await losses(first, [8, 20]);
  const end = await first.getState();

  const second = await open(t, 'compiled');
  second.setState(structuredClone(half));
  t.same(await second.getState(), half, 'the state that was put in is the state that comes out');
  near(t, await losses(second, [8, 20]), wanted, { message: 'eager, then compiled', tolerance: 1e-4 });
  const compiledEnd = await second.getState();
  t.same(signature(compiledEnd), signature(end), 'names and shapes are those of the eager engine');
  t.equal(compiledEnd.step, 20, 'and so is the step');
  near(t, flat(compiledEnd.weights), flat(end.weights), { message: 'and so are the weights', tolerance: 1e-3 });

  const third = await open(t, 'compiled');
  near(t, await losses(third, [0, 8]), before, { message: 'compiled from the start', tolerance: 1e-4 });
  const compiledHalf = structuredClone(await third.getState());
  const fourth = await open(t, 'eager');
  fourth.setState(compiledHalf);
  near(t, await losses(fourth, [8, 20]), wanted, { message: 'then eager', tolerance: 1e-4 });
});

t.test('a state is copied in and out', async (t) => {
  const session = await open(t, 'compiled');
  await losses(session, [0, 3]);
  const state = await session.getState();
  const copy = structuredClone(state);
  await losses(session, [3, 5]);
  t.same(state, copy, 'training on does not change what was read');
  session.setState(state);
  state.weights.forEach(({ data }) => data.fill(0));
  t.same(await session.getState(), copy, 'nor does a change of what was put in reach the session');
  const bad = { ...copy, weights: copy.weights.map((tensor) => ({ ...tensor, shape: [...tensor.shape, 1] })) };
  t.throws(() => session.setState(bad), /has shape/, 'another shape is refused');
  t.throws(() => session.setWeights(copy.weights.slice(1)), /missing/, 'a weight that is missing as well');
  t.throws(() => session.setWeights([...copy.weights, ...copy.optimizer]), /has no/, 'and one too many');
  t.same(await session.getState(), copy, 'and nothing has changed');
  t.same(await session.getWeights(), copy.weights, 'the weights alone are those of the state');
});

t.test('dropout masks are those of the eager engine', async (t) => {
  // At a rate of 0 and on one batch, nothing but the masks moves the loss.
  const batches = BATCHES.map((batch) => ({ ...batch, indices: BATCHES[0]!.indices, learningRate: 0 }));
  const model: ParityModel = { ...MODEL, optimizer: { type: 'sgd' } };
  const lossesAt = async (session: EngineSession): Promise<number[]> => (await session.train(batches)).map(({ loss }) => loss);
  const wanted = await lossesAt(await open(t, 'eager', model));
  const session = await open(t, 'compiled', model);
  const found = await lossesAt(session);
  near(t, found, wanted, { message: 'step by step', tolerance: 1e-6 });
  t.equal(new Set(found.map((loss) => loss.toFixed(5))).size, batches.length, 'and each step has its own');
  const again: number[] = [];
  for (const batch of batches.slice(3, 6)) again.push(...(await session.train([batch])).map(({ loss }) => loss));
  near(t, again, wanted.slice(3, 6), { message: 'a step repeated draws the same again', tolerance: 1e-6 });
});

t.test('blocks of steps do not change the numbers', async (t) => {
  const whole = await open(t, 'compiled');
  const wanted = await losses(whole, [0, 12]);
  const single = await open(t, 'compiled');
  const found: number[] = [];
  for (let step = 0; step < 12; step++) found.push(...(await losses(single, [step, step + 1])));
  t.same(found, wanted, 'one step at a time gives the same losses, bit for bit');
  t.same(await single.getState(), await whole.getState(), 'and the same state');
});

t.test('both engines save the same files for the same weights', async (t) => {
  const compiled = await open(t, 'compiled');
  const untrained = await compiled.save();
  await losses(compiled, [0, 5]);
  const state = await compiled.getState();
  const files = await compiled.save();
  const outputs = await compiled.predict(examplesOf(MODEL).x, 13);
  t.notSame(files.weightData, untrained.weightData, 'what is saved is what was trained');
  const eager = await open(t, 'eager');
  eager.setState(state);
  const wanted = await eager.save();
  t.same(files.modelJson, wanted.modelJson, 'the model');
  t.same(Buffer.from(files.weightData), Buffer.from(wanted.weightData), 'and its weights, byte for byte');
  near(t, outputs, await eager.predict(examplesOf(MODEL).x, 13), { message: 'both predict the same', tolerance: 1e-5 });

  await useCpu();
  const loaded = await loadModel(withLabels(files, ['a', 'b', 'c']).modelJson, files.weightData);
  t.teardown(() => loaded.model.dispose());
  near(t, await predict(loaded, examplesOf(MODEL).x, 13), outputs, { message: 'and so does the loaded model', tolerance: 1e-5 });
});

t.test('splits of other sizes and types are evaluated the same', async (t) => {
  const model: ParityModel = { ...MODEL, metrics: ['accuracy', 'categoricalCrossentropy', 'meanSquaredError'] };
  const splits = [examplesOf(model, { count: 40, from: 50 }), { ...examplesOf(model, { count: 4, from: 70 }), y: Int32Array.of(2, 0, 1, 1) }, { ...examplesOf({ ...model, bytes: false }, { count: 7, from: 90 }), y: Float32Array.of(0, 1, 2, 0, 1, 2, 0) }];
  const evaluate = async (session: EngineSession): Promise<number[]> => {
    const found: number[] = [];
    for (const split of splits) {
      session.bind('validation', split);
      const { loss, metrics } = await session.evaluate('validation', 2);
      found.push(loss, ...Object.values(metrics));
    }
    return found;
  };
  const wanted = await evaluate(await open(t, 'eager', model));
  near(t, await evaluate(await open(t, 'compiled', model)), wanted, { message: 'bound one after the other', tolerance: 1e-5 });
});

t.test('what is no number is none in both engines', async (t) => {
  const diverge = async (session: EngineSession): Promise<boolean[]> => {
    const results = await session.train(BATCHES.slice(0, 4).map((batch) => ({ ...batch, learningRate: 1e38 })));
    const weights = await session.getWeights();
    session.setWeights(weights.map((weight) => ({ ...weight, data: new Float32Array(weight.data.length).fill(NaN) })));
    return [...results, await session.evaluate('train', 5)].map(({ loss }) => Number.isNaN(loss));
  };
  const wanted = await diverge(await open(t, 'eager'));
  t.ok(wanted.at(-2) && wanted.at(-1), 'weights that are no numbers make a loss that is none');
  t.same(await diverge(await open(t, 'compiled')), wanted, 'at the same steps');
});

t.test('a session leaves no tensor behind', async (t) => {
  const use = async (): Promise<number[]> => {
    const session = await createCompiledEngine(specOf(MODEL), runtime!);
    session.bind('train', examplesOf(MODEL));
    await losses(session, [0, 4]);
    await session.evaluate('train', 5);
    await session.predict(examplesOf(MODEL).x, 3);
    await session.save();
    session.dispose();
    return [tf.memory().numTensors, tf.backend().numDataIds()];
  };
  const after = await use();
  t.same(await use(), after, 'the second as many as the first, and as much in the tracer');
});

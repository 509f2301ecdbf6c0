// A stored model with all that it computes on the way, and with other weights.
import t from 'tap';
import { BrowserModel } from '../../../../src/dashboard/pages/try/browser-model.js';
import { EagerSession } from '../../../../src/ml/engines/eager/session.js';
import type { GraphLayer } from '../../../../src/ml/graph-types.js';
import { chain, classifierSpec, near, useCpu, wave } from '../../../helpers/ml.js';

t.before(useCpu);

const SHAPE = [6, 6, 1];
const x = wave(36, 0.4);
const output: GraphLayer = { type: 'dense', name: 'out', units: 3, activation: 'softmax' };

/** A model of these layers, trained for one step, as the browser has it. */
async function opened(layers: GraphLayer[]): Promise<{ session: EagerSession; model: BrowserModel }> {
  const session = new EagerSession(classifierSpec({ graph: chain(SHAPE, layers), inputShape: SHAPE }));
  session.bind('train', { x: wave(108, 0.7), y: Uint8Array.of(0, 1, 2), count: 3, shape: SHAPE });
  await session.train([{ indices: Int32Array.of(0, 1, 2), step: 0, epoch: 1, learningRate: 0.1 }]);
  const { modelJson, weightData } = await session.save();
  return { session, model: await BrowserModel.load(JSON.parse(JSON.stringify(modelJson)) as Record<string, unknown>, Uint8Array.from(weightData).buffer) };
}

t.test('it answers as where it was trained, and shows each layer that computes something', async (t) => {
  const { session, model } = await opened([{ type: 'conv2d', name: 'conv', filters: 2, kernelSize: 3, activation: 'relu' }, { type: 'batchNormalization', name: 'bn' }, { type: 'flatten' }, { type: 'dropout', rate: 0.5 }, output]);
  t.teardown(() => session.dispose());
  const { layers, first } = model.info();
  t.same(layers.map(({ name, type, outputShape, parameterCount }) => [name, type, outputShape, parameterCount]), [
    ['conv', 'Conv2D', [4, 4, 2], 20], ['bn', 'BatchNormalization', [4, 4, 2], 8], ['out', 'Dense', [3], 99],
  ]);
  const { outputs, activations } = await model.predict(x);
  near(t, outputs, await session.predict(x, 1), { message: 'the same probabilities' });
  t.same(activations.map(({ length }) => length), [32, 32, 3]);
  t.same([...activations[2]!], [...outputs], 'the last is the answer');
  t.match(first, { layer: 'conv', kind: 'filters', height: 3, width: 3, count: 2 });
  t.same([...first!.values], [...(await session.getWeights()).find(({ name }) => name === 'conv/kernel')!.data], 'its filters');
});

t.test('weights of a checkpoint take the place of its own, and give it back', async (t) => {
  const { session, model } = await opened([{ type: 'flatten' }, output]);
  t.teardown(() => session.dispose());
  const { outputs: before } = await model.predict(x);
  await session.train([{ indices: Int32Array.of(0, 1, 2), step: 1, epoch: 1, learningRate: 0.5 }]);
  const later = await session.getWeights();
  model.useWeights(later);
  near(t, (await model.predict(x)).outputs, await session.predict(x, 1), { message: 'it answers as the later state' });
  t.match(model.firstWeights(), { layer: 'out', kind: 'weights', height: 6, width: 6, count: 3 }, 'a dense layer has a weight of each pixel');
  t.same([...model.firstWeights()!.values], [...later.find(({ name }) => name === 'out/kernel')!.data]);
  t.throws(() => model.useWeights(later.slice(1)), /^The checkpoint has no out\//);
  t.throws(() => model.useWeights(later.map((tensor) => ({ ...tensor, shape: [1], data: tensor.data.slice(0, 1) }))), 'nor do other shapes fit');
  model.useWeights(null);
  t.same([...(await model.predict(x)).outputs], [...before], 'its own again');
});

t.test('a first layer whose weights are no pictures', async (t) => {
  const { session, model } = await opened([{ type: 'maxPooling2d', poolSize: 2 }, { type: 'flatten' }, output]);
  t.teardown(() => session.dispose());
  t.equal(model.info().first, null);
});

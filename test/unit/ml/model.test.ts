import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { EagerSession } from '../../../src/ml/engines/eager/session.js';
import { SteppedDropout } from '../../../src/ml/dropout.js';
import type { Graph, GraphLayer, Shape } from '../../../src/ml/graph-types.js';
import { buildModel } from '../../../src/ml/model.js';
import { loadModel } from '../../../src/ml/model-files.js';
import { ACTIVATIONS } from '../../../src/schemas/layers.js';
import { chain, classifierSpec, near, useCpu, wave } from '../../helpers/ml.js';

t.before(useCpu);

const IMAGE: Shape = [6, 6, 2];
const answer: GraphLayer[] = [{ type: 'flatten' }, { type: 'dense', units: 3, activation: 'softmax' }];

/** Trains two steps on six examples, saves, loads in plain TF.js and compares predictions. */
async function roundTrip(t: { ok(ok: boolean, message: string): unknown }, graph: Graph, inputShape: Shape): Promise<Float32Array[]> {
  const size = inputShape.reduce((product, length) => product * length, 1);
  const x = wave(6 * size, 0.7);
  const session = new EagerSession(classifierSpec({ graph, inputShape }));
  session.bind('train', { x, y: Uint8Array.of(0, 1, 2, 0, 1, 2), count: 6, shape: inputShape });
  const batch = { indices: Int32Array.of(0, 1, 2, 3, 4, 5), epoch: 1, learningRate: 0.05 };
  const before = (await session.getWeights()).map(({ data }) => data);
  const results = await session.train([{ ...batch, step: 0 }, { ...batch, step: 1 }]);
  const after = (await session.getWeights()).map(({ data }) => data);
  t.ok(results.every(({ loss }) => Number.isFinite(loss)) && after.some((data, i) => data.some((value, j) => value !== before[i]![j])), 'trains');
  const predicted = await session.predict(x, 6);
  const files = await session.save();
  session.dispose();
  const { model } = await loadModel(JSON.parse(JSON.stringify(files.modelJson)) as Record<string, unknown>, files.weightData);
  const loaded = tf.tidy(() => (model.predict(tf.tensor(x, [6, ...inputShape])) as tf.Tensor).dataSync() as Float32Array);
  model.dispose();
  return [predicted, loaded];
}

t.test('every layer of the schema trains, saves, and predicts the same in plain TF.js', async (t) => {
  const layers: GraphLayer[][] = [
    [{ type: 'conv2d', filters: 3, kernelSize: [3, 2], strides: 2, padding: 'same', activation: 'relu', kernelInitializer: 'heNormal' }],
    [{ type: 'conv2d', filters: 2, kernelSize: 2, dilationRate: 1, useBias: false }],
    [{ type: 'depthwiseConv2d', kernelSize: 3, depthMultiplier: 2, depthwiseRegularizer: { l2: 0.01 } }],
    [{ type: 'separableConv2d', filters: 4, kernelSize: 3, depthMultiplier: 2, padding: 'same', pointwiseInitializer: 'orthogonal' }],
    [{ type: 'maxPooling2d', poolSize: 3, strides: [1, 2] }],
    [{ type: 'averagePooling2d', poolSize: [2, 3], padding: 'same' }],
    [{ type: 'conv2d', filters: 3, kernelSize: 3 }, { type: 'globalAveragePooling2d' }],
    [{ type: 'conv2d', filters: 3, kernelSize: 3 }, { type: 'globalMaxPooling2d' }],
    [{ type: 'batchNormalization' }],
    [{ type: 'batchNormalization', axis: 1, center: false, momentum: 0.5 }],
    [{ type: 'batchNormalization', scale: false, center: false }],
    [{ type: 'layerNormalization', epsilon: 0.01 }],
    [{ type: 'layerNormalization', scale: false, center: false }],
    [{ type: 'layerNormalization', axis: 1, scale: false }],
    [{ type: 'reshape', targetShape: [4, 18] }],
    [{ type: 'dropout', rate: 0.3 }],
    [{ type: 'reLU', maxValue: 0.2 }],
    [{ type: 'leakyReLU', alpha: 0.1 }],
    [{ type: 'elu' }],
    [{ type: 'softmax' }],
    [{ type: 'dense', units: 4, kernelInitializer: { type: 'truncatedNormal', stddev: 0.1 }, biasInitializer: { type: 'constant', value: 0.1 }, biasRegularizer: { l1: 0.1 } }],
  ];
  for (const chained of layers) {
    await t.test(JSON.stringify(chained.map(({ name: _name, ...layer }) => layer)), async (t) => {
      const tail = chained.some(({ type }) => type.startsWith('global')) ? answer.slice(1) : answer;
      const [predicted, loaded] = await roundTrip(t, chain(IMAGE, [...chained, ...tail]), IMAGE);
      near(t, loaded!, predicted!, { message: 'predicts the same', tolerance: 1e-6 });
    });
  }
});

t.test('batch normalization keeps the axis it is told', async (t) => {
  const inputShape = [2, 3];
  const session = new EagerSession(classifierSpec({ graph: chain(inputShape, [{ type: 'batchNormalization', name: 'bn', axis: 1, momentum: 0 }, { type: 'flatten' }, { type: 'dense', units: 3 }]), inputShape }));
  t.teardown(() => session.dispose());
  session.bind('train', { x: Float32Array.of(1, 2, 3, 10, 20, 30, 3, 4, 5, 30, 40, 50), y: Uint8Array.of(0, 1), count: 2, shape: inputShape });
  await session.train([{ indices: Int32Array.of(0, 1), step: 0, epoch: 1, learningRate: 0 }]);
  const means = (await session.getWeights()).find(({ name }) => name === 'bn/moving_mean');
  near(t, means!.data, [3, 30], { message: 'a mean for each of the first axis' });
});

t.test('every activation of the schema trains and saves', async (t) => {
  for (const activation of ACTIVATIONS) {
    await t.test(activation, async (t) => {
      const graph = chain([5], [{ type: 'dense', units: 4, activation }, { type: 'activation', activation }, { type: 'dense', units: 3, activation: 'softmax' }]);
      const [predicted, loaded] = await roundTrip(t, graph, [5]);
      near(t, loaded!, predicted!, { message: 'predicts the same', tolerance: 1e-6 });
    });
  }
});

t.test('branches are joined', async (t) => {
  for (const merge of ['add', 'multiply', 'average', 'maximum', 'minimum', 'concatenate'] as const) {
    await t.test(merge, async (t) => {
      const at = { pointer: '' };
      const graph: Graph = {
        nodes: [
          { name: 'in', layer: { type: 'input', shape: [4] }, inputs: [], ...at },
          { name: 'left', layer: { type: 'dense', units: 5, activation: 'tanh' }, inputs: ['in'], ...at },
          { name: 'right', layer: { type: 'dense', units: 5 }, inputs: ['in'], ...at },
          { name: 'joined', layer: { type: merge }, inputs: ['left', 'right'], ...at },
          { name: 'out', layer: { type: 'dense', units: 3, activation: 'softmax' }, inputs: ['joined'], ...at },
        ],
        input: 'in',
        output: 'out',
      };
      const [predicted, loaded] = await roundTrip(t, graph, [4]);
      near(t, loaded!, predicted!, { message: 'predicts the same', tolerance: 1e-6 });
    });
  }
});

t.test('gradients of a small network are those of finite differences', async (t) => {
  const graph = chain([4, 4, 1], [
    { type: 'conv2d', name: 'conv', filters: 2, kernelSize: 3, activation: 'tanh' },
    { type: 'flatten' },
    { type: 'dense', name: 'out', units: 3, activation: 'softmax', kernelRegularizer: { l2: 0.1 } },
  ]);
  const session = new EagerSession(classifierSpec({ graph, inputShape: [4, 4, 1] }));
  t.teardown(() => session.dispose());
  session.bind('train', { x: wave(3 * 16, 1), y: Uint8Array.of(2, 0, 1), count: 3, shape: [4, 4, 1] });
  const start = await session.getWeights();
  // Plain SGD with a rate of 1 moves each weight by its gradient.
  await session.train([{ indices: Int32Array.of(0, 1, 2), step: 0, epoch: 1, learningRate: 1 }]);
  const moved = await session.getWeights();
  const lossAt = async (index: number, element: number, by: number): Promise<number> => {
    session.setWeights(start.map((weight, i) => (i === index ? { ...weight, data: weight.data.map((value, j) => (j === element ? value + by : value)) } : weight)));
    return (await session.evaluate('train', 3)).loss;
  };
  for (const [index, weight] of start.entries()) {
    const gradients: number[] = [];
    const differences: number[] = [];
    for (let element = 0; element < weight.data.length; element += 3) {
      gradients.push(weight.data[element]! - moved[index]!.data[element]!);
      differences.push(((await lossAt(index, element, 5e-3)) - (await lossAt(index, element, -5e-3))) / 1e-2);
    }
    near(t, gradients, differences, { message: weight.name, tolerance: 5e-4 });
  }
});

t.test('the seed decides the initial weights, and names keep them apart', async (t) => {
  const graph = chain([3], [{ type: 'dense', units: 3 }, { type: 'dense', units: 3 }]);
  const kernels = (seed: number): string[] => {
    const model = buildModel(graph, { inputShape: [3], seed, dropout: new SteppedDropout(seed) });
    const values = model.weights.filter(({ originalName }) => originalName.endsWith('kernel')).map((weight) => weight.read().dataSync().join());
    model.dispose();
    return values;
  };
  const first = kernels(1);
  t.same(kernels(1), first, 'the same seed gives the same weights');
  t.not(first[0], first[1], 'two layers alike start differently');
  t.not(kernels(2)[0], first[0], 'another seed gives others');
});

t.test('what TF.js refuses is named by its layer', async (t) => {
  const graph = chain([4], [{ type: 'dense', name: 'first', units: 4 }, { type: 'conv2d', name: 'second', filters: 1, kernelSize: 3 }]);
  t.throws(() => buildModel(graph, { inputShape: [4], seed: 1, dropout: new SteppedDropout(1) }), /^second: /, 'a convolution of a vector');
  const empty = chain([4], [{ type: 'reLU' }]);
  t.throws(() => new EagerSession(classifierSpec({ graph: empty, inputShape: [4] })), /no weights to train/, 'a model without weights');
});

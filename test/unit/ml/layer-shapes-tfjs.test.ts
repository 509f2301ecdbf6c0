// The arithmetic of layer-shapes.ts against the models that TF.js really builds.
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import t from 'tap';
import { SteppedDropout } from '../../../src/ml/dropout.js';
import { graphFromModelSpec, type Graph, type Shape } from '../../../src/ml/graph.js';
import { concreteGraph, inferShapes } from '../../../src/ml/layer-shapes.js';
import { buildModel } from '../../../src/ml/model.js';
import type { Layer } from '../../../src/schemas/layers.js';
import { useCpu } from '../../helpers/ml.js';
import { KERAS_3_FUNCTIONAL, KERAS_3_SEQUENTIAL } from './topology-keras3.fixture.js';

t.before(useCpu);

/** What TF.js makes of the graph: the shape of what it computes, and all weights by name. */
function built(graph: Graph, inputShape: Shape) {
  const concrete = concreteGraph(graph, inferShapes(graph, inputShape).layers);
  const model = buildModel(concrete, { inputShape, seed: 1, dropout: new SteppedDropout(1) });
  const weights = model.weights.map((weight) => ({ name: weight.originalName, shape: weight.shape as number[] }));
  const outputShape = tf.tidy(() => (model.predict(tf.ones([1, ...inputShape])) as tf.Tensor).shape.slice(1));
  const totals = { parameterCount: model.countParams(), trainableParameterCount: model.trainableWeights.reduce((sum, weight) => sum + tf.util.sizeFromShape(weight.shape as number[]), 0) };
  const isEmpty = model.layers.some((layer) => (layer.outputShape as number[]).slice(1).some((size) => size < 1));
  model.dispose();
  return { outputShape, weights, isEmpty, ...totals };
}

function inferred(graph: Graph, inputShape: Shape) {
  const { layers, problems } = inferShapes(graph, inputShape);
  const total = (of: 'parameterCount' | 'trainableParameterCount') => layers.reduce((sum, layer) => sum + layer[of], 0);
  return {
    problems,
    outputShape: layers.find((layer) => layer.name === graph.output)?.outputShape,
    weights: layers.flatMap((layer) => layer.weights),
    parameterCount: total('parameterCount'),
    trainableParameterCount: total('trainableParameterCount'),
  };
}

/** TF.js throws, or goes on with tensors of no elements where a window does not fit. */
function isRefused(graph: Graph, inputShape: Shape): boolean {
  try {
    return built(graph, inputShape).isEmpty;
  } catch {
    return true;
  }
}

const counts = (of: { outputShape?: Shape | null | undefined; parameterCount: number; trainableParameterCount: number }) => [of.outputShape, of.parameterCount, of.trainableParameterCount];
const byName = (weights: readonly { name: string; shape: Shape }[]) => Object.fromEntries(weights.map(({ name, shape }) => [name, [...shape]]));

const pair = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })));
const padding = fc.constantFrom('same' as const, 'valid' as const);
const window = { padding, strides: pair };
const kernel = { ...window, kernelSize: pair, useBias: fc.boolean() };
const scaled = { center: fc.boolean(), scale: fc.boolean() };
const anyLayer = fc.oneof(
  fc.record({ type: fc.constant('conv2d' as const), filters: fc.integer({ min: 1, max: 4 }), ...kernel }),
  fc.record({ type: fc.constant('depthwiseConv2d' as const), depthMultiplier: fc.integer({ min: 1, max: 2 }), ...kernel }),
  fc.record({ type: fc.constant('separableConv2d' as const), filters: fc.integer({ min: 1, max: 4 }), depthMultiplier: fc.integer({ min: 1, max: 2 }), ...kernel }),
  fc.record({ type: fc.constantFrom('maxPooling2d' as const, 'averagePooling2d' as const), poolSize: pair, padding }),
  fc.record({ type: fc.constantFrom('maxPooling2d' as const, 'averagePooling2d' as const), poolSize: pair, ...window }),
  fc.record({ type: fc.constant('batchNormalization' as const), axis: fc.constantFrom(-1, 1, 3), ...scaled }),
  fc.record({ type: fc.constant('layerNormalization' as const), axis: fc.constantFrom(-1, 1, 2), ...scaled }),
  fc.record({ type: fc.constant('dense' as const), units: fc.integer({ min: 1, max: 5 }), useBias: fc.boolean() }),
  fc.record({ type: fc.constant('reshape' as const), targetShape: fc.constantFrom([-1], [2, -1], [-1, 2, 2], [4, 4, 2]) }),
  fc.constantFrom<Layer>({ type: 'flatten' }, { type: 'reLU' }, { type: 'elu' }, { type: 'leakyReLU' }, { type: 'globalAveragePooling2d' }, { type: 'globalMaxPooling2d' }, { type: 'dropout', rate: 0.5 }, { type: 'softmax' }),
) as fc.Arbitrary<Layer>;

t.test('shapes and weights of random models are those that TF.js builds', async (t) => {
  let valid = 0;
  const models = fc.property(fc.array(anyLayer, { minLength: 1, maxLength: 5 }), fc.constantFrom([6, 6, 2], [7, 5, 1], [4, 4, 2]), (layers, inputShape) => {
    const { graph } = graphFromModelSpec({ layers }, inputShape);
    if (graph === null) throw new Error('no graph');
    const { problems, ...guess } = inferred(graph, inputShape);
    if (problems.length > 0) {
      if (!isRefused(graph, inputShape)) throw new Error(`TF.js computes it: ${JSON.stringify(problems)}`);
      return;
    }
    valid += 1;
    const fact = built(graph, inputShape);
    if (JSON.stringify(counts(fact)) !== JSON.stringify(counts(guess))) throw new Error(JSON.stringify({ fact, guess }));
    const [factWeights, guessWeights] = [byName(fact.weights), byName(guess.weights)];
    for (const [name, shape] of Object.entries(factWeights)) if (String(guessWeights[name]) !== String(shape)) throw new Error(`${name}: ${shape}, not ${guessWeights[name]}`);
  });
  t.doesNotThrow(() => fc.assert(models, { numRuns: 200, seed: 11 }), 'names, shapes and counts agree, and what is refused cannot be built');
  t.ok(valid > 50, 'enough of the models were valid');
});

t.test('models that Keras wrote build in TF.js with the counts that were inferred', async (t) => {
  for (const [name, topology, parameterCount] of [['sequential', KERAS_3_SEQUENTIAL, 11_860], ['functional', KERAS_3_FUNCTIONAL, 372]] as const) {
    const { graph } = graphFromModelSpec({ topology }, [28, 28, 1]);
    if (graph === null) throw new Error('no graph');
    const guess = inferred(graph, [28, 28, 1]);
    t.strictSame(guess.problems, [], `${name}: nothing is wrong`);
    t.strictSame(counts(guess), counts(built(graph, [28, 28, 1])), `${name}: shapes and counts agree`);
    t.equal(guess.parameterCount, parameterCount, `${name}: and are those of Keras' summary`);
  }
});

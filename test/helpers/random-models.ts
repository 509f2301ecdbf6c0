// Whole models at random, the same for the same seed: layers with random arguments, a head, a loss and an optimizer.
import fc from 'fast-check';
import { ACTIVATIONS, type Layer } from '../../src/schemas/layers.js';
import type { Optimizer } from '../../src/schemas/optimization.js';
import { graphOf, type ParityModel } from './engine-parity.js';

const pair = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })));
const padding = fc.constantFrom('same' as const, 'valid' as const);
const useBias = fc.boolean();
const filters = fc.constantFrom(2, 4, 7, 16, 18);
const depthMultiplier = fc.integer({ min: 1, max: 2 });
const activation = fc.constantFrom(...ACTIVATIONS, 'relu' as const, 'relu' as const, 'relu' as const);
const penalty = fc.constantFrom(undefined, { l2: 0.01 }, { l1: 0.001, l2: 0.01 });
const convolution = { kernelSize: pair, padding, strides: pair, useBias, activation };
const scaled = { center: fc.boolean(), scale: fc.boolean() };

const layer = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('conv2d' as const), filters, ...convolution, kernelRegularizer: penalty }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('depthwiseConv2d' as const), depthMultiplier, ...convolution }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('separableConv2d' as const), filters, depthMultiplier, ...convolution }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('maxPooling2d' as const, 'averagePooling2d' as const), poolSize: pair, strides: pair, padding }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('batchNormalization' as const), axis: fc.constantFrom(-1, -1, 1, 3), ...scaled }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('layerNormalization' as const), axis: fc.constantFrom(-1, 1, 2), ...scaled }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('dense' as const), units: fc.integer({ min: 2, max: 6 }), useBias, activation, kernelRegularizer: penalty }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('dropout' as const), rate: fc.constantFrom(0.1, 0.5) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('activation' as const), activation }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leakyReLU' as const), alpha: fc.constantFrom(0.1, 0.3) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reLU' as const), maxValue: fc.constantFrom(undefined, 0.5) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reshape' as const), targetShape: fc.constantFrom([4, -1], [-1, 2, 2], [3, -1, 2]) }) },
  { weight: 1, arbitrary: fc.constantFrom<Layer>({ type: 'elu' }, { type: 'softmax' }, { type: 'globalAveragePooling2d' }, { type: 'globalMaxPooling2d' }) },
);

/** Those that do not divide by what may be nothing but rounding: the gradient of a bias before a normalization. */
const optimizer = fc.constantFrom<Optimizer>({ type: 'sgd' }, { type: 'sgd', momentum: 0.9 }, { type: 'sgd', momentum: 0.9, nesterov: true }, { type: 'adagrad' });

const anyModel = fc.record({ layers: fc.array(layer, { minLength: 2, maxLength: 5 }), inputShape: fc.constantFrom([7, 5, 3], [6, 6, 1], [5, 8, 2]), optimizer, bytes: fc.boolean() });

const without = <T extends object>(of: T): T => Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as T;

/** Of three classes, by logits. */
function headed(layers: readonly Layer[], inputShape: readonly number[]): Layer[] {
  const { outputShape } = graphOf({ layers: [...layers] }, inputShape);
  return [...layers, ...(outputShape.length > 1 ? [{ type: 'flatten' as const }] : []), { type: 'dense', units: 3 }];
}

/** `count` models that the service would take. */
export function randomModels({ count, seed }: { count: number; seed: number }): { title: string; model: ParityModel }[] {
  const found = fc.sample(anyModel, { numRuns: count * 10, seed }).flatMap(({ layers, inputShape, bytes, ...rest }) => {
    try {
      const model: ParityModel = { ...rest, bytes, preprocessing: bytes ? [{ type: 'rescaling', scale: 1 / 255 }] : [], model: { layers: headed(layers.map(without) as Layer[], inputShape) }, inputShape, learningRate: 0.01 };
      graphOf(model.model, inputShape);
      return [{ title: `${JSON.stringify(model.model)} ${JSON.stringify(rest.optimizer)}`, model }];
    } catch {
      return [];
    }
  });
  if (found.length < count) throw new Error(`only ${found.length} of the models that were drawn are valid`);
  return found.slice(0, count);
}

// What each layer does to the shape of one example, which weights it has and what it costs.
// One rule a layer type; shapes leave out the batch axis.
import type { Initializer } from '../schemas/layers.js';
import { elementsOf, sameShape, type GraphLayer, type MergeLayer, type Shape } from './graph-types.js';
import type { Fault, RuleResult } from './layer-rule.js';
import { convolve, pool, type WindowArguments } from './window-shapes.js';

type Type = Exclude<GraphLayer['type'], 'input'>;
type Of<T extends Type> = Extract<GraphLayer, { type: T }>;
type Rule<T extends Type> = (layer: Of<T>, inputs: readonly [Shape, ...Shape[]], fault: Fault) => RuleResult;

const weight = (name: string, shape: Shape, trainable = true) => ({ name, shape, trainable });
const biasOf = (layer: { useBias?: boolean }, size: number) => (layer.useBias === false ? [] : [weight('bias', [size])]);

const same =
  (flopsPerElement: number) =>
  (_layer: GraphLayer, [input]: readonly [Shape, ...Shape[]]): RuleResult => ({ shape: input, flops: flopsPerElement * elementsOf(input) });

const RULES: { [T in Type]: Rule<T> } = {
  flatten: (_layer, [input], fault) => {
    // Keras lets it pass; the Flatten of TF.js throws.
    if (input.length < 2) fault(`has nothing to flatten: its input is [${input.join(', ')}] already; leave the layer out`);
    return { shape: [elementsOf(input)] };
  },
  reshape: (layer, [input], fault) => ({ shape: reshaped(layer.targetShape, input, fault) }),
  dense: (layer, [input], fault) => {
    const size = input.at(-1) ?? 1;
    const kernel = [size, layer.units];
    checkInitializer(layer.kernelInitializer, { kernel, argument: 'kernelInitializer', fault });
    checkInitializer(layer.biasInitializer, { kernel: [layer.units], argument: 'biasInitializer', fault });
    const shape = [...input.slice(0, -1), layer.units];
    return { shape, weights: [weight('kernel', kernel), ...biasOf(layer, layer.units)], flops: 2 * size * elementsOf(shape) };
  },
  conv2d: (layer, [input], fault) => {
    const image = asImage(input, fault);
    if (image === null) return { shape: null };
    const window = convolve(layer, image, fault);
    const [height, width] = window.size;
    const kernel = [...window.kernel, image[2], layer.filters];
    checkInitializer(layer.kernelInitializer, { kernel, argument: 'kernelInitializer', fault });
    checkInitializer(layer.biasInitializer, { kernel: [layer.filters], argument: 'biasInitializer', fault });
    return {
      shape: [height, width, layer.filters],
      weights: [weight('kernel', kernel), ...biasOf(layer, layer.filters)],
      flops: 2 * elementsOf(kernel) * height * width,
    };
  },
  depthwiseConv2d: (layer, [input], fault) => {
    const image = asImage(input, fault);
    if (image === null) return { shape: null };
    const window = convolve(layer, image, fault);
    const channels = image[2] * (layer.depthMultiplier ?? 1);
    const kernel = [...window.kernel, image[2], layer.depthMultiplier ?? 1];
    checkInitializer(layer.depthwiseInitializer, { kernel, argument: 'depthwiseInitializer', fault });
    checkInitializer(layer.biasInitializer, { kernel: [channels], argument: 'biasInitializer', fault });
    return {
      shape: [...window.size, channels],
      weights: [weight('depthwise_kernel', kernel), ...biasOf(layer, channels)],
      flops: 2 * elementsOf(kernel) * elementsOf(window.size),
    };
  },
  separableConv2d: (layer, [input], fault) => {
    const image = asImage(input, fault);
    if (image === null) return { shape: null };
    const window = convolve(layer, image, fault);
    const channels = image[2] * (layer.depthMultiplier ?? 1);
    const depthwise = [...window.kernel, image[2], layer.depthMultiplier ?? 1];
    const pointwise = [1, 1, channels, layer.filters];
    checkInitializer(layer.depthwiseInitializer, { kernel: depthwise, argument: 'depthwiseInitializer', fault });
    checkInitializer(layer.pointwiseInitializer, { kernel: pointwise, argument: 'pointwiseInitializer', fault });
    checkInitializer(layer.biasInitializer, { kernel: [layer.filters], argument: 'biasInitializer', fault });
    return {
      shape: [...window.size, layer.filters],
      weights: [weight('depthwise_kernel', depthwise), weight('pointwise_kernel', pointwise), ...biasOf(layer, layer.filters)],
      flops: 2 * (elementsOf(depthwise) + elementsOf(pointwise)) * elementsOf(window.size),
    };
  },
  maxPooling2d: pooling,
  averagePooling2d: pooling,
  globalAveragePooling2d: globalPooling,
  globalMaxPooling2d: globalPooling,
  dropout: same(2),
  batchNormalization: (layer, [input], fault) => {
    const size = normalizedAxis(layer.axis, input, fault);
    const learned = scaleAndCenter(layer, [size], fault);
    const moving = (['moving_mean', 'moving_variance'] as const).map((name) => weight(name, [size], false));
    checkInitializer(layer.movingMeanInitializer, { kernel: [size], argument: 'movingMeanInitializer', fault });
    checkInitializer(layer.movingVarianceInitializer, { kernel: [size], argument: 'movingVarianceInitializer', fault });
    return { shape: input, weights: [...learned, ...moving], flops: 4 * elementsOf(input) };
  },
  layerNormalization: (layer, [input], fault) => {
    const size = normalizedAxis(layer.axis, input, fault);
    return { shape: input, weights: scaleAndCenter(layer, [size], fault), flops: 8 * elementsOf(input) };
  },
  activation: same(1),
  reLU: same(1),
  leakyReLU: same(2),
  elu: same(2),
  softmax: (layer, [input], fault) => {
    const axis = layer.axis ?? -1;
    if (axis !== -1 && axis !== input.length) fault(`must be the last axis (-1): TF.js has no softmax along another`, 'axis');
    return { shape: input, flops: 5 * elementsOf(input) };
  },
  add: merge,
  multiply: merge,
  average: merge,
  maximum: merge,
  minimum: merge,
  concatenate: (layer, inputs, fault) => concatenated(layer.axis ?? -1, inputs, fault),
};

/** The layer's rule on the shapes it reads (at least one). */
export function applyRule(layer: Exclude<GraphLayer, { type: 'input' }>, inputs: readonly Shape[], fault: Fault): RuleResult {
  return (RULES[layer.type] as Rule<Type>)(layer, inputs as [Shape, ...Shape[]], fault);
}

/** What is wrong with a layer's arguments whatever it reads. */
export function checkArguments(layer: GraphLayer, fault: Fault): void {
  if (layer.type === 'reshape') {
    if (layer.targetShape.filter((size) => size === -1).length > 1) fault('may have only one -1', 'targetShape');
    if (layer.targetShape.includes(0)) fault('must not have a size of 0', 'targetShape');
  }
  if (layer.type === 'conv2d' || layer.type === 'depthwiseConv2d' || layer.type === 'separableConv2d') {
    const isOne = (pair: WindowArguments['strides']): boolean => [pair ?? 1].flat().every((size) => size === 1);
    if (isOne(layer.dilationRate)) return;
    if (isOne(layer.strides)) fault('must be 1: TF.js has no gradient for a dilated convolution', 'dilationRate');
    else fault('strides and dilationRate cannot both be over 1', 'dilationRate');
  }
}

function pooling(layer: Of<'maxPooling2d' | 'averagePooling2d'>, [input]: readonly [Shape, ...Shape[]], fault: Fault): RuleResult {
  const image = asImage(input, fault);
  return image === null ? { shape: null } : pool(layer, image, fault);
}

function globalPooling(_layer: GraphLayer, [input]: readonly [Shape, ...Shape[]], fault: Fault): RuleResult {
  const image = asImage(input, fault);
  return image === null ? { shape: null } : { shape: [image[2]], flops: elementsOf(input) };
}

function asImage(input: Shape, fault: Fault): [number, number, number] | null {
  const [height, width, channels] = input;
  if (input.length === 3 && height !== undefined && width !== undefined && channels !== undefined) return [height, width, channels];
  fault(`reads [height, width, channels], but its input is [${input.join(', ')}]`);
  return null;
}

function reshaped(target: Shape, input: Shape, fault: Fault): Shape | null {
  const free = target.filter((size) => size === -1).length;
  // Reported by checkArguments.
  if (free > 1 || target.includes(0)) return null;
  const known = target.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
  const size = elementsOf(input);
  if (free === 0 ? known === size : size % known === 0) return target.map((length) => (length === -1 ? size / known : length));
  fault(`[${target.join(', ')}] cannot hold the ${size} numbers of [${input.join(', ')}]`, 'targetShape');
  return free === 0 ? target : null;
}

/** Length of the axis that a normalization keeps; 1 stands in for one that is not there. */
function normalizedAxis(axis: number | undefined, input: Shape, fault: Fault): number {
  if (input.length > 3) fault(`TF.js normalizes up to 3 axes, but its input is [${input.join(', ')}]`);
  // Counted as in Keras, where axis 0 is the batch.
  const index = axis === undefined || axis < 0 ? input.length + (axis ?? -1) : axis - 1;
  const size = index < 0 ? undefined : input[index];
  if (size === undefined) fault(`is no axis of [batch, ${input.join(', ')}]${axis === 0 || index === -1 ? ' but the batch' : ''}`, 'axis');
  return size ?? 1;
}

function scaleAndCenter(layer: Of<'batchNormalization' | 'layerNormalization'>, shape: Shape, fault: Fault) {
  checkInitializer(layer.gammaInitializer, { kernel: shape, argument: 'gammaInitializer', fault });
  checkInitializer(layer.betaInitializer, { kernel: shape, argument: 'betaInitializer', fault });
  return [...(layer.scale === false ? [] : [weight('gamma', shape)]), ...(layer.center === false ? [] : [weight('beta', shape)])];
}

function checkInitializer(initializer: Initializer | undefined, at: { kernel: Shape; argument: string; fault: Fault }): void {
  const type = typeof initializer === 'object' ? initializer.type : initializer;
  const { kernel, argument, fault } = at;
  if (type === 'identity' && (kernel.length !== 2 || kernel[0] !== kernel[1])) {
    fault(`identity needs a square matrix, but the weight is [${kernel.join(', ')}]`, argument);
  }
  if (type === 'orthogonal' && kernel.length < 2) fault(`orthogonal needs a matrix, but the weight is [${kernel.join(', ')}]`, argument);
}

/** Elementwise joins broadcast from the right, as in Keras: equal sizes, or 1. */
function merge(layer: MergeLayer, inputs: readonly [Shape, ...Shape[]], fault: Fault): RuleResult {
  const [first] = inputs;
  if (inputs.some((shape) => shape.length !== first.length)) {
    fault(`joins shapes with different numbers of axes: ${inputs.map((shape) => `[${shape.join(', ')}]`).join(', ')}`);
    return { shape: first };
  }
  const shape = first.map((_, axis) => Math.max(...inputs.map((input) => input[axis] ?? 1)));
  const fits = inputs.every((input) => input.every((size, axis) => size === 1 || size === shape[axis]));
  if (!fits) fault(`joins shapes that do not fit: ${inputs.map((input) => `[${input.join(', ')}]`).join(', ')}`);
  const isExtreme = layer.type === 'maximum' || layer.type === 'minimum';
  if (fits && isExtreme && inputs.some((input) => !sameShape(input, shape))) {
    fault(`joins shapes that differ: ${inputs.map((input) => `[${input.join(', ')}]`).join(', ')}; TF.js has no gradient for a ${layer.type} that repeats one of them`);
  }
  return { shape, flops: (inputs.length - 1) * elementsOf(shape) };
}

function concatenated(axis: number, inputs: readonly [Shape, ...Shape[]], fault: Fault): RuleResult {
  const [first] = inputs;
  const index = axis < 0 ? first.length + axis : axis - 1;
  if (index < 0 || index >= first.length) {
    fault(`is no axis of [batch, ${first.join(', ')}] that can be joined along`, 'axis');
    return { shape: first };
  }
  const fits = inputs.every((shape) => shape.length === first.length && shape.every((size, at) => at === index || size === first[at]));
  if (!fits) fault(`joins shapes that differ in more than the joined axis: ${inputs.map((shape) => `[${shape.join(', ')}]`).join(', ')}`);
  const joined = inputs.reduce((sum, shape) => sum + (shape[index] ?? 0), 0);
  return { shape: first.map((size, at) => (at === index ? joined : size)), flops: 0 };
}

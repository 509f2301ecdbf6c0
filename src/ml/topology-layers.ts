// Keras' layer classes, each with the way from its snake-case config to a layer of ours.
import { PADDINGS } from '../schemas/layers.js';
import type { GraphLayer } from './graph-types.js';
import { activation, initializer, regularizer } from './topology-arguments.js';
import type { ConfigReader } from './topology-config.js';

type ReadLayer = (reader: ConfigReader) => GraphLayer;

const kernelArguments = (reader: ConfigReader) => ({
  useBias: reader.boolean('use_bias'),
  activation: activation(reader),
  biasInitializer: initializer(reader, 'bias_initializer'),
  biasRegularizer: regularizer(reader, 'bias_regularizer'),
});
const ownKernel = (reader: ConfigReader) => ({
  kernelInitializer: initializer(reader, 'kernel_initializer'),
  kernelRegularizer: regularizer(reader, 'kernel_regularizer'),
});
const window = (reader: ConfigReader) => ({
  padding: reader.oneOf('padding', PADDINGS),
  strides: reader.pair('strides'),
});
const convolution = (reader: ConfigReader) => ({
  kernelSize: kernelSize(reader),
  dilationRate: reader.pair('dilation_rate'),
  ...window(reader),
  ...kernelArguments(reader),
});
const depthwise = (reader: ConfigReader) => ({
  depthMultiplier: reader.integer('depth_multiplier'),
  depthwiseInitializer: initializer(reader, 'depthwise_initializer'),
  depthwiseRegularizer: regularizer(reader, 'depthwise_regularizer'),
});
const pooling = (reader: ConfigReader) => ({ poolSize: reader.pair('pool_size'), ...window(reader) });
const scaled = (reader: ConfigReader) => ({
  axis: reader.axis('axis'),
  epsilon: reader.number('epsilon', Number.MIN_VALUE),
  center: reader.boolean('center'),
  scale: reader.boolean('scale'),
  betaInitializer: initializer(reader, 'beta_initializer'),
  gammaInitializer: initializer(reader, 'gamma_initializer'),
});

const CLASSES: Readonly<Record<string, ReadLayer>> = {
  Flatten: () => ({ type: 'flatten' }),
  Reshape: (reader) => ({ type: 'reshape', targetShape: targetShape(reader) }),
  Dense: (reader) => ({ type: 'dense', units: reader.size('units'), ...kernelArguments(reader), ...ownKernel(reader) }),
  Conv2D: (reader) => ({ type: 'conv2d', filters: reader.size('filters'), ...convolution(reader), ...ownKernel(reader) }),
  DepthwiseConv2D: (reader) => ({ type: 'depthwiseConv2d', ...convolution(reader), ...depthwise(reader) }),
  SeparableConv2D: (reader) => ({
    type: 'separableConv2d',
    filters: reader.size('filters'),
    ...convolution(reader),
    ...depthwise(reader),
    pointwiseInitializer: initializer(reader, 'pointwise_initializer'),
    pointwiseRegularizer: regularizer(reader, 'pointwise_regularizer'),
  }),
  MaxPooling2D: (reader) => ({ type: 'maxPooling2d', ...pooling(reader) }),
  AveragePooling2D: (reader) => ({ type: 'averagePooling2d', ...pooling(reader) }),
  GlobalAveragePooling2D: () => ({ type: 'globalAveragePooling2d' }),
  GlobalMaxPooling2D: () => ({ type: 'globalMaxPooling2d' }),
  Dropout: (reader) => ({ type: 'dropout', rate: dropoutRate(reader) }),
  BatchNormalization: (reader) => ({
    type: 'batchNormalization',
    ...scaled(reader),
    momentum: reader.number('momentum', 0),
    movingMeanInitializer: initializer(reader, 'moving_mean_initializer'),
    movingVarianceInitializer: initializer(reader, 'moving_variance_initializer'),
    betaRegularizer: regularizer(reader, 'beta_regularizer'),
    gammaRegularizer: regularizer(reader, 'gamma_regularizer'),
  }),
  LayerNormalization: (reader) => ({ type: 'layerNormalization', ...scaled(reader) }),
  Activation: (reader) => ({ type: 'activation', activation: activation(reader) ?? 'linear' }),
  ReLU: (reader) => ({ type: 'reLU', maxValue: reader.number('max_value', Number.MIN_VALUE) }),
  LeakyReLU: (reader) => ({ type: 'leakyReLU', alpha: reader.number('alpha', 0) ?? reader.number('negative_slope', 0) }),
  ELU: (reader) => {
    const alpha = reader.number('alpha', 0);
    // TF.js can neither build nor load another one.
    if (alpha !== undefined && alpha !== 1) reader.fault('alpha', 'only 1 is supported');
    return { type: 'elu' };
  },
  Softmax: (reader) => ({ type: 'softmax', axis: reader.axis('axis') }),
  Add: () => ({ type: 'add' }),
  Multiply: () => ({ type: 'multiply' }),
  Average: () => ({ type: 'average' }),
  Maximum: () => ({ type: 'maximum' }),
  Minimum: () => ({ type: 'minimum' }),
  Concatenate: (reader) => ({ type: 'concatenate', axis: reader.axis('axis') }),
};

/** What to do instead of some classes that people bring. */
const ADVICE: Readonly<Record<string, string>> = {
  Rescaling: 'scaling belongs into dataset.preprocessing',
  Normalization: 'scaling belongs into dataset.preprocessing',
  Sequential: 'nested models are not supported; put its layers in its place',
  Functional: 'nested models are not supported; put its layers in its place',
  Model: 'nested models are not supported; put its layers in its place',
};

export const LAYER_CLASSES: readonly string[] = Object.keys(CLASSES);

/** The layer of a class other than InputLayer; null with the reason when the class has none here. */
export function readLayer(className: string, reader: ConfigReader): { layer: GraphLayer } | { layer: null; detail: string } {
  const read = Object.hasOwn(CLASSES, className) ? CLASSES[className] : undefined;
  if (read === undefined) {
    const advice = Object.hasOwn(ADVICE, className) ? ADVICE[className] : `known are ${LAYER_CLASSES.join(', ')}`;
    return { layer: null, detail: `the layer class ${JSON.stringify(className)} is not supported: ${advice}` };
  }
  const layer = read(reader);
  reader.finish();
  return { layer: Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)) as GraphLayer };
}

function kernelSize(reader: ConfigReader): number | [number, number] {
  if (reader.take('kernel_size') === undefined) reader.fault('kernel_size', 'is required');
  return reader.pair('kernel_size') ?? 1;
}

function dropoutRate(reader: ConfigReader): number {
  const rate = reader.number('rate', 0);
  if (rate === undefined || rate < 1) return rate ?? 0;
  reader.fault('rate', 'must be under 1');
  return 0;
}

/** TF.js writes null for the free axis, Keras -1. */
function targetShape(reader: ConfigReader): number[] {
  const value = reader.take('target_shape');
  const sizes = Array.isArray(value) ? value.map((size: unknown) => size ?? -1) : [];
  if (sizes.length > 0 && sizes.length <= 4 && sizes.every((size): size is number => Number.isInteger(size) && Number(size) >= -1 && size !== 0)) return sizes;
  reader.fault('target_shape', 'must be 1 to 4 positive integers, of which one may be -1');
  return [-1];
}

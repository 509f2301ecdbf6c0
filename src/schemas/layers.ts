// The layers of a run spec. Type and argument names are TF.js', that is Keras' in camelCase.
// Source: https://js.tensorflow.org/api/latest/#Layers and https://keras.io/api/layers/
import { Type, type Static, type TProperties } from 'typebox';
import { discriminated, oneOf, strictObject } from './build.js';

export const ACTIVATIONS = [
  'elu', 'gelu', 'hardSigmoid', 'linear', 'mish', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax', 'softplus', 'softsign', 'swish', 'tanh',
] as const;
export const PADDINGS = ['same', 'valid'] as const;
export const INITIALIZERS = [
  'constant', 'glorotNormal', 'glorotUniform', 'heNormal', 'heUniform', 'identity', 'leCunNormal', 'leCunUniform',
  'ones', 'orthogonal', 'randomNormal', 'randomUniform', 'truncatedNormal', 'varianceScaling', 'zeros',
] as const;

const units = (description: string) => Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description });
const pair = (description: string, minimum = 1) =>
  Type.Union(
    [Type.Integer({ minimum, maximum: 65_536 }), Type.Array(Type.Integer({ minimum, maximum: 65_536 }), { minItems: 2, maxItems: 2 })],
    { description: `${description} One integer for both axes, or [height, width].` },
  );

const seed = Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: "Overrides the seed derived from the run's own." }));
const variance = (name: 'glorotNormal' | 'glorotUniform' | 'heNormal' | 'heUniform' | 'leCunNormal' | 'leCunUniform') =>
  strictObject({ type: Type.Literal(name), seed });
const plain = <N extends 'identity' | 'ones' | 'zeros'>(name: N) => strictObject({ type: Type.Literal(name) });

const gain = Type.Optional(Type.Number({ description: 'Factor on every element.' }));
const normal = {
  mean: Type.Optional(Type.Number({ description: 'Mean of the distribution.' })),
  stddev: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Its standard deviation.' })),
};
const uniform = {
  minval: Type.Optional(Type.Number({ description: 'Lower end of the distribution.' })),
  maxval: Type.Optional(Type.Number({ description: 'Upper end of the distribution.' })),
};

const InitializerObject = discriminated([
  plain('zeros'),
  plain('ones'),
  strictObject({ type: Type.Literal('constant'), value: Type.Number({ description: 'The value of every element.' }) }),
  strictObject({ type: Type.Literal('identity'), gain }),
  strictObject({ type: Type.Literal('orthogonal'), gain, seed }),
  strictObject({ type: Type.Literal('randomNormal'), ...normal, seed }),
  strictObject({ type: Type.Literal('truncatedNormal'), ...normal, seed }),
  strictObject({ type: Type.Literal('randomUniform'), ...uniform, seed }),
  strictObject({
    type: Type.Literal('varianceScaling'),
    scale: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Factor on the variance.' })),
    mode: Type.Optional(oneOf(['fanIn', 'fanOut', 'fanAvg'], { description: 'Which count of connections divides the variance.' })),
    distribution: Type.Optional(oneOf(['normal', 'uniform', 'truncatedNormal'], { description: 'What is drawn from.' })),
    seed,
  }),
  variance('glorotNormal'), variance('glorotUniform'), variance('heNormal'), variance('heUniform'), variance('leCunNormal'), variance('leCunUniform'),
]);

/** A name, or an object with arguments: `"heNormal"` or `{"type": "constant", "value": 0.1}`. */
export const Initializer = Type.Unsafe<(typeof INITIALIZERS)[number] | Static<typeof InitializerObject>>({
  $id: 'Initializer',
  description: 'How a weight starts: a name, or an object with its arguments.',
  if: { type: 'string' },
  then: { enum: INITIALIZERS.filter((name) => name !== 'constant') },
  else: InitializerObject,
});
export type Initializer = Static<typeof Initializer>;

export const Regularizer = strictObject(
  {
    l1: Type.Optional(Type.Number({ minimum: 0, description: 'Factor on the sum of absolute values.' })),
    l2: Type.Optional(Type.Number({ minimum: 0, description: 'Factor on the sum of squares.' })),
  },
  { $id: 'Regularizer', description: 'A penalty on weights, added to the loss.', minProperties: 1 },
);
export type Regularizer = Static<typeof Regularizer>;

// Nested `$ref`s inside a discriminated union, so that the components stay named in OpenAPI.
const initializer = (description: string) => Type.Optional(Type.Unsafe<Initializer>({ $ref: 'Initializer#', description }));
const regularizer = (description: string) => Type.Optional(Type.Unsafe<Regularizer>({ $ref: 'Regularizer#', description }));
const activation = Type.Optional(oneOf(ACTIVATIONS, { description: 'Applied to the output; linear when absent.' }));

const name = Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$', description: 'Unique within the model.' }));
const layer = <N extends string, P extends TProperties>(type: N, properties: P) =>
  strictObject({ type: Type.Literal(type), name, ...properties });

const kernel = {
  useBias: Type.Optional(Type.Boolean({ description: 'Whether a bias is added; true when absent.' })),
  activation,
  biasInitializer: initializer('Start of the bias; zeros when absent.'),
  biasRegularizer: regularizer('Penalty on the bias.'),
};
const window = {
  padding: Type.Optional(oneOf(PADDINGS, { description: '`valid` when absent.' })),
  strides: Type.Optional(pair('Step of the window.')),
};
const convolution = {
  kernelSize: pair('Height and width of the kernel.'),
  dilationRate: Type.Optional(pair('Spacing of the kernel elements; TF.js trains only 1.')),
  ...window,
  ...kernel,
};
const pooling = { poolSize: Type.Optional(pair('Height and width of the window; 2 when absent.')), ...window };
const depthwise = {
  depthMultiplier: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024, description: 'Output channels per input channel; 1 when absent.' })),
  depthwiseInitializer: initializer('Start of the depthwise kernel.'),
  depthwiseRegularizer: regularizer('Penalty on the depthwise kernel.'),
};
const axis = Type.Optional(Type.Integer({ minimum: -8, maximum: 8, description: 'The axis, counting the batch as 0; -1, the last, when absent.' }));
const scaled = {
  epsilon: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Added to the variance; 0.001 when absent.' })),
  center: Type.Optional(Type.Boolean({ description: 'Whether beta is learned.' })),
  scale: Type.Optional(Type.Boolean({ description: 'Whether gamma is learned.' })),
  betaInitializer: initializer('Start of beta.'),
  gammaInitializer: initializer('Start of gamma.'),
};

export const Layer = discriminated(
  [
    layer('input', { shape: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1, maxItems: 4, description: 'One example, without the batch axis. Must equal the data set\'s.' }) }),
    layer('flatten', {}),
    layer('reshape', { targetShape: Type.Array(Type.Integer({ minimum: -1 }), { minItems: 1, maxItems: 4, description: 'One example; one entry may be -1.' }) }),
    layer('dense', {
      units: units('Size of the output.'),
      ...kernel,
      kernelInitializer: initializer('Start of the kernel; glorotUniform when absent.'),
      kernelRegularizer: regularizer('Penalty on the kernel.'),
    }),
    layer('conv2d', {
      filters: units('Output channels.'),
      ...convolution,
      kernelInitializer: initializer('Start of the kernel; glorotUniform when absent.'),
      kernelRegularizer: regularizer('Penalty on the kernel.'),
    }),
    layer('depthwiseConv2d', { ...convolution, ...depthwise }),
    layer('separableConv2d', {
      filters: units('Output channels.'),
      ...convolution,
      ...depthwise,
      pointwiseInitializer: initializer('Start of the pointwise kernel.'),
      pointwiseRegularizer: regularizer('Penalty on the pointwise kernel.'),
    }),
    layer('maxPooling2d', pooling),
    layer('averagePooling2d', pooling),
    layer('globalAveragePooling2d', {}),
    layer('globalMaxPooling2d', {}),
    layer('dropout', { rate: Type.Number({ minimum: 0, exclusiveMaximum: 1, description: 'Share of inputs set to zero while training.' }) }),
    layer('batchNormalization', {
      axis,
      momentum: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Of the moving averages; 0.99 when absent.' })),
      ...scaled,
      movingMeanInitializer: initializer('Start of the moving mean.'),
      movingVarianceInitializer: initializer('Start of the moving variance.'),
      betaRegularizer: regularizer('Penalty on beta.'),
      gammaRegularizer: regularizer('Penalty on gamma.'),
    }),
    layer('layerNormalization', { axis, ...scaled }),
    layer('activation', { activation: oneOf(ACTIVATIONS, { description: 'The function.' }) }),
    layer('reLU', { maxValue: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Upper bound of the output.' })) }),
    layer('leakyReLU', { alpha: Type.Optional(Type.Number({ minimum: 0, description: 'Slope below zero; 0.3 when absent.' })) }),
    layer('elu', {}),
    layer('softmax', { axis }),
  ],
  { $id: 'Layer', description: 'One layer of a model, named and configured as in Keras and TF.js.' },
);
export type Layer = Static<typeof Layer>;
export type LayerType = Layer['type'];

// The run spec: what to train, declared. The one schema of it, used by the API, the planner and the trainer.
import { Type, type Static } from 'typebox';
import { oneOf, ref, strictObject } from './build.js';
import { DEVICE_KINDS } from './device-kind.js';
import { Initializer, Layer, Regularizer } from './layers.js';
import { Callback, Optimizer, Schedule } from './optimization.js';

export const LOSSES = ['categoricalCrossentropy', 'sparseCategoricalCrossentropy', 'binaryCrossentropy', 'meanSquaredError', 'meanAbsoluteError'] as const;
export const METRICS = ['accuracy', ...LOSSES] as const;
export const ENGINES = ['auto', 'compiled', 'eager'] as const;
/** TF.js backends, fastest first: the order in which a trainer tries them. */
export const BACKENDS = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export const DEVICES = ['auto', ...DEVICE_KINDS] as const;

export type LossName = (typeof LOSSES)[number];
export type MetricName = (typeof METRICS)[number];
export type Backend = (typeof BACKENDS)[number];

export const Preprocessing = strictObject(
  { type: Type.Literal('rescaling'), scale: Type.Number({ description: 'Factor on the raw value.' }), offset: Type.Optional(Type.Number({ description: 'Added after scaling; 0 when absent.' })) },
  { $id: 'Preprocessing', description: 'A step between stored values and the model\'s input; Keras\' Rescaling.' },
);
export type Preprocessing = Static<typeof Preprocessing>;

export const DatasetSpec = strictObject(
  {
    name: Type.String({ minLength: 1, maxLength: 64, description: 'Name of a data set.' }),
    validation: Type.Optional(
      Type.Union([oneOf(['test', 'none']), strictObject({ split: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'Share of the training examples.' }) })], {
        description: '`test`: the data set\'s own test examples (default); `none`; or `{split}`, the last share of the training examples, held out before any shuffle as Keras does.',
      }),
    ),
    take: Type.Optional(Type.Integer({ minimum: 1, description: 'Only the first so many training examples, and at most as many of the test ones.' })),
    preprocessing: Type.Optional(Type.Array(ref(Preprocessing), { maxItems: 8, description: 'Stored values to model input; rescaling by 1/255 for images when absent.' })),
  },
  { $id: 'DatasetSpec', description: 'Which data, and how they reach the model.' },
);
export type DatasetSpec = Static<typeof DatasetSpec>;

/** A topology that came as a text is an object from the check of the spec on. */
export const ModelSpec = Type.Unsafe<{ layers: Layer[] } | { topology: Record<string, unknown> }>({
  $id: 'ModelSpec',
  type: 'object',
  description: 'A list of layers, or a topology: what Keras\' or TF.js\' `model.to_json()` gave.',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties: {
    layers: { type: 'array', minItems: 1, maxItems: 1000, items: { $ref: 'Layer#' }, description: 'From input to output.' },
    topology: { type: ['object', 'string'], description: 'A Sequential or functional model with one input and one output, as an object or as its JSON text.' },
  },
});
export type ModelSpec = Static<typeof ModelSpec>;

const LossObject = strictObject({
  type: oneOf(LOSSES, { description: 'The loss.' }),
  fromLogits: Type.Optional(Type.Boolean({ description: 'Whether the model\'s output is unnormalised; cross-entropies only.' })),
});
/** A name, or `{"type": "categoricalCrossentropy", "fromLogits": true}`. */
export const Loss = Type.Unsafe<LossName | Static<typeof LossObject>>({
  $id: 'Loss',
  description: 'What training lowers: a name, or an object with its arguments.',
  if: { type: 'string' },
  then: { enum: [...LOSSES] },
  else: LossObject,
});
export type Loss = Static<typeof Loss>;

export const FitSpec = strictObject(
  {
    batchSize: Type.Integer({ minimum: 1, maximum: 1_048_576, description: 'Examples per step. At most the number of training examples.' }),
    epochs: Type.Integer({ minimum: 1, maximum: 100_000, description: 'Passes over the training examples.' }),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'Of initial weights, shuffles and dropout; 42 when absent.' })),
    shuffle: Type.Optional(Type.Boolean({ description: 'Whether each epoch visits the examples in a new order; true when absent.' })),
  },
  { $id: 'FitSpec', description: 'The arguments of Keras\' `fit`.' },
);
export type FitSpec = Static<typeof FitSpec>;

const every = (unit: string) => Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: `After so many ${unit}.` }));
export const CheckpointSpec = strictObject(
  {
    everySteps: every('steps'),
    everyEpochs: every('epochs'),
    everySeconds: Type.Optional(Type.Number({ minimum: 1, maximum: 86_400, description: 'After so many seconds of training; 60 when no interval is given.' })),
    keepLast: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'How many of the latest are kept; when absent 2, and 1 once the model is stored.' })),
    keepBest: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'How many more are kept, of the epochs that are best by `monitor`; none when absent.' })),
    monitor: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'The epoch metric that tells the best; the (validation) loss when absent.' })),
  },
  { $id: 'CheckpointSpec', description: 'When the state of training is kept: weights, optimizer, place in the epoch. A run that is interrupted goes on from the latest, to the bit. It is also kept when a run is paused or cancelled, and when it ends. Training does not wait for the writing: what falls due while one is written is written after it, or replaced by the next.' },
);
export type CheckpointSpec = Static<typeof CheckpointSpec>;

export const ResourcesSpec = strictObject(
  {
    device: Type.Optional(oneOf(DEVICES, { description: '`auto` takes a GPU when there is one.' })),
    gpus: Type.Optional(Type.Integer({ minimum: 1, maximum: 64, description: 'GPUs of one box that are kept for it; 1 when absent. It sees all of them, and trains on the first.' })),
    exclusive: Type.Optional(Type.Boolean({ description: 'No other run on its devices meanwhile; false when absent.' })),
    memoryMiB: Type.Optional(Type.Integer({ minimum: 1, maximum: 16_777_216, description: 'MiB of each device\'s memory that are kept for it, instead of what was measured or estimated.' })),
    maxRuntimeSeconds: Type.Optional(Type.Number({ minimum: 1, maximum: 31_536_000, description: 'It has failed with `timeout` after so long on devices, all its starts together since it was submitted or last resumed; its training state is kept.' })),
    backend: Type.Optional(oneOf(['auto', ...BACKENDS], { description: 'A TF.js backend for the eager engine, which naming one asks for; `auto` takes the first that works of tensorflow, webgpu, wasm, cpu.' })),
  },
  { $id: 'ResourcesSpec', description: 'Where the run may train.' },
);
export type ResourcesSpec = Static<typeof ResourcesSpec>;

export const Tags = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 32, uniqueItems: true, description: 'For filters; `keep` keeps the run, and its training states, from retention.' });

export const RunSpec = strictObject(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 120, description: 'For people; need not be unique.' })),
    tags: Type.Optional(Tags),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'Higher starts earlier; 0 when absent.' })),
    dataset: ref(DatasetSpec),
    model: ref(ModelSpec),
    optimizer: ref(Optimizer),
    schedule: Type.Optional(ref(Schedule)),
    loss: ref(Loss),
    metrics: Type.Optional(Type.Array(oneOf(METRICS), { maxItems: METRICS.length, uniqueItems: true, description: 'Measured beside the loss; `["accuracy"]` when absent and the loss is a cross-entropy.' })),
    fit: ref(FitSpec),
    callbacks: Type.Optional(Type.Array(ref(Callback), { maxItems: 8, description: 'Watchers of epochs.' })),
    checkpoints: Type.Optional(ref(CheckpointSpec)),
    engine: Type.Optional(oneOf(ENGINES, { description: 'How steps are computed: `compiled` (the training step as one ONNX graph) or `eager` (TF.js, kernel by kernel); `auto` takes compiled wherever it can run the model.' })),
    resources: Type.Optional(ref(ResourcesSpec)),
  },
  { $id: 'RunSpec', description: 'An experiment, declared in Keras\' terms.' },
);
export type RunSpec = Static<typeof RunSpec>;

/** Every schema of the spec, in an order in which each is known before it is referred to. */
export const SPEC_SCHEMAS = [
  Initializer, Regularizer, Layer, Optimizer, Schedule, Callback, Preprocessing, DatasetSpec, ModelSpec, Loss, FitSpec, CheckpointSpec, ResourcesSpec, RunSpec,
] as const;
export { Initializer, Layer, Regularizer } from './layers.js';
export { Callback, Optimizer, Schedule } from './optimization.js';

// Optimizers, learning-rate schedules and callbacks of a run spec, in Keras' terms.
import { Type, type Static, type TProperties } from 'typebox';
import { discriminated, oneOf, strictObject } from './build.js';

export const OPTIMIZERS = ['sgd', 'rmsprop', 'adagrad', 'adadelta', 'adam', 'adamax'] as const;

const fraction = (description: string) => Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1, description }));
const learningRate = Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e6, description: 'Base step size; 0.001 when absent (sgd 0.01).' }));
const epsilon = Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Guard against division by zero; 1e-7 when absent.' }));
const optimizer = <N extends (typeof OPTIMIZERS)[number], P extends TProperties>(type: N, properties: P) =>
  strictObject({ type: Type.Literal(type), learningRate, ...properties });

export const Optimizer = discriminated(
  [
    optimizer('sgd', { momentum: fraction('0 when absent.'), nesterov: Type.Optional(Type.Boolean({ description: 'Look ahead along the momentum.' })) }),
    optimizer('rmsprop', {
      rho: fraction('Decay of the squared-gradient average; 0.9 when absent.'),
      momentum: fraction('0 when absent.'),
      epsilon,
      centered: Type.Optional(Type.Boolean({ description: 'Normalise by the estimated variance.' })),
    }),
    optimizer('adagrad', { initialAccumulatorValue: Type.Optional(Type.Number({ minimum: 0, description: '0.1 when absent.' })) }),
    optimizer('adadelta', { rho: fraction('0.95 when absent.'), epsilon }),
    optimizer('adam', { beta1: fraction('0.9 when absent.'), beta2: fraction('0.999 when absent.'), epsilon }),
    optimizer('adamax', { beta1: fraction('0.9 when absent.'), beta2: fraction('0.999 when absent.'), epsilon }),
  ],
  { $id: 'Optimizer', description: 'How weights follow the gradient.' },
);
export type Optimizer = Static<typeof Optimizer>;

const every = {
  everyEpochs: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Length of one decay interval, in epochs; 1 when both are absent.' })),
  everySteps: Type.Optional(Type.Integer({ minimum: 1, description: 'Length of one decay interval, in steps; instead of everyEpochs.' })),
};
const span = {
  epochs: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Length in epochs; the whole run when both are absent.' })),
  steps: Type.Optional(Type.Integer({ minimum: 1, description: 'Length in steps; instead of epochs.' })),
};
const warmup = Type.Optional(
  strictObject(
    {
      epochs: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Length in epochs; 1 when both are absent.' })),
      steps: span.steps,
      from: Type.Optional(Type.Number({ minimum: 0, description: 'Learning rate at step 0; 0 when absent.' })),
    },
    { description: 'A linear rise from `from` to the base rate, before the schedule itself starts at its own step 0.', minProperties: 1 },
  ),
);
const schedule = <N extends string, P extends TProperties>(type: N, properties: P) => strictObject({ type: Type.Literal(type), warmup, ...properties });

/** Where a callback may look: the epoch's own numbers. */
const monitor = Type.String({ minLength: 1, maxLength: 64, description: 'An epoch metric, such as `val_loss`.' });
const mode = Type.Optional(oneOf(['auto', 'min', 'max'], { description: '`auto`: max for accuracies, else min.' }));
const minDelta = Type.Optional(Type.Number({ minimum: 0, description: 'A smaller change is no improvement; 0 when absent.' }));

export const Schedule = discriminated(
  [
    schedule('constant', {}),
    schedule('step', {
      boundaries: Type.Array(Type.Number({ exclusiveMinimum: 0 }), { minItems: 1, maxItems: 100, description: 'Ascending; in epochs.' }),
      factors: Type.Array(Type.Number({ minimum: 0 }), { minItems: 1, maxItems: 100, description: 'Of the base rate, from each boundary on.' }),
    }),
    schedule('exponential', {
      decay: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Factor per interval.' }),
      ...every,
      staircase: Type.Optional(Type.Boolean({ description: 'Decay in steps at the end of each interval; false when absent.' })),
      minLearningRate: Type.Optional(Type.Number({ minimum: 0, description: 'Floor.' })),
    }),
    schedule('polynomial', { ...span, end: Type.Optional(Type.Number({ minimum: 0, description: 'Final rate; 0 when absent.' })), power: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: '1 when absent.' })) }),
    schedule('cosine', {
      ...span,
      end: Type.Optional(Type.Number({ minimum: 0, description: 'Rate at the bottom; 0 when absent.' })),
      restarts: Type.Optional(Type.Boolean({ description: 'Begin anew after each period (SGDR).' })),
      periodFactor: Type.Optional(Type.Number({ minimum: 1, description: 'Each period is this much longer; 1 when absent.' })),
      peakFactor: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Each restart peaks at this share of the one before; 1 when absent.' })),
    }),
    schedule('reduceOnPlateau', {
      monitor: Type.Optional(monitor),
      mode,
      factor: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: '0.1 when absent.' })),
      patience: Type.Optional(Type.Integer({ minimum: 1, description: 'Epochs without improvement; 10 when absent.' })),
      minDelta: Type.Optional(Type.Number({ minimum: 0, description: '0.0001 when absent.' })),
      cooldown: Type.Optional(Type.Integer({ minimum: 0, description: 'Epochs of rest after a reduction; 0 when absent.' })),
      minLearningRate: Type.Optional(Type.Number({ minimum: 0, description: '0 when absent.' })),
    }),
  ],
  { $id: 'Schedule', description: 'The learning rate as a function of the step.' },
);
export type Schedule = Static<typeof Schedule>;

export const Callback = discriminated(
  [
    strictObject({
      type: Type.Literal('earlyStopping'),
      monitor: Type.Optional(monitor),
      mode,
      minDelta,
      patience: Type.Optional(Type.Integer({ minimum: 0, description: 'Epochs without improvement before the stop; 0 when absent.' })),
      baseline: Type.Optional(Type.Number({ description: 'Only values better than this count.' })),
      startFromEpoch: Type.Optional(Type.Integer({ minimum: 0, description: 'Epochs to wait before watching; 0 when absent.' })),
      restoreBestWeights: Type.Optional(Type.Boolean({ description: 'End with the weights of the best epoch; true when absent.' })),
    }),
  ],
  { $id: 'Callback', description: 'Something that watches epochs and acts.' },
);
export type Callback = Static<typeof Callback>;

// Asking a run's model: what is sent, what is answered.
import { Type, type Static } from 'typebox';
import { oneOf, ref, strictObject } from './build.js';

export const MAX_INSTANCES = 1000;
export const IMAGE_TYPES = ['image/png', 'image/jpeg'] as const;

export const PredictQuery = strictObject({
  invert: Type.Optional(
    oneOf(['auto', 'true', 'false'], {
      description: 'Images only: whether to take the negative. `auto` (when absent) does so for models of one channel when the border of the image is bright: ink on paper becomes white on black, which is how MNIST is stored.',
    }),
  ),
});
export type PredictQuery = Static<typeof PredictQuery>;

export const PredictRequest = strictObject(
  {
    instances: Type.Array(Type.Unsafe<unknown>({ type: 'array', description: 'Nested or flat numbers.' }), {
      minItems: 1,
      maxItems: MAX_INSTANCES,
      description: 'Examples in raw values (0 to 255 for images; the run\'s own preprocessing is applied): each nested as the input shape, `[height][width][channels]`, without the last axis when that is 1, or flat.',
    }),
  },
  { $id: 'PredictRequest', description: 'Examples to predict.' },
);
export type PredictRequest = Static<typeof PredictRequest>;

export const Prediction = strictObject(
  {
    label: Type.Optional(Type.String({ description: 'Name of the likeliest class.' })),
    index: Type.Optional(Type.Integer({ minimum: 0, description: 'Index of the likeliest class.' })),
    probabilities: Type.Optional(Type.Array(Type.Number(), { description: 'One for each class, in the order of the labels.' })),
    values: Type.Optional(Type.Array(Type.Number(), { description: 'The bare outputs, where they are no probabilities.' })),
  },
  { $id: 'Prediction', description: 'What the model makes of one example. Models trained with a cross-entropy answer probabilities, others values.' },
);
export type Prediction = Static<typeof Prediction>;

export const Predictions = strictObject(
  { predictions: Type.Array(ref(Prediction), { description: 'One for each example, in their order.' }) },
  { $id: 'Predictions', description: 'What the model makes of the examples.' },
);
export type Predictions = Static<typeof Predictions>;

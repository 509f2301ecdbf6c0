// A plan: all that can be known of a run before it trains.
import { Type, type Static } from 'typebox';
import { ref, strictObject } from './build.js';
import { QueueOutlook } from './queue.js';

const count = (description: string) => Type.Integer({ minimum: 0, description });
// Byte counts of absurd models outgrow what an integer holds exactly.
const bytes = (description: string) => Type.Number({ minimum: 0, description: `Bytes. ${description}` });

const PlanProblem = strictObject(
  {
    pointer: Type.String({ description: 'JSON pointer (RFC 6901) into the body.' }),
    detail: Type.String({ description: 'What is wrong, and what would be right.' }),
  },
  { description: 'One fault and its place.' },
);

export const PlanLayer = strictObject(
  {
    name: Type.String({ description: "Unique; the prefix of its weights' names." }),
    type: Type.String({ description: 'Layer type, such as `dense`.' }),
    outputShape: Type.Union([Type.Array(Type.Number()), Type.Null()], {
      description: 'Of one example, without the batch axis; null where a fault further up leaves it unknown.',
    }),
    weights: Type.Array(
      strictObject({
        name: Type.String({ description: 'As in the saved model: `dense/kernel`.' }),
        shape: Type.Array(Type.Number(), { description: 'Its axes.' }),
        trainable: Type.Boolean({ description: 'False for moving averages.' }),
      }),
      { description: 'What the layer learns or keeps.' },
    ),
    parameterCount: Type.Number({ minimum: 0, description: 'Numbers in all its weights.' }),
    trainableParameterCount: Type.Number({ minimum: 0, description: 'Those that the optimizer changes.' }),
    flops: Type.Number({ minimum: 0, description: 'Estimated operations to compute its output for one example.' }),
  },
  { $id: 'PlanLayer', description: 'One layer as it will be built.' },
);
export type PlanLayer = Static<typeof PlanLayer>;

const PlanMemory = strictObject(
  {
    parametersBytes: bytes('Weights.'),
    optimizerBytes: bytes("The optimizer's slots."),
    gradientsBytes: bytes('Gradients of the weights.'),
    activationsBytes: bytes('Outputs kept for one batch, with their gradients.'),
    datasetBytes: bytes('Training and validation examples as stored.'),
    totalBytes: bytes('The sum.'),
  },
  { description: 'Estimate of what training holds at once.' },
);

export const Plan = strictObject(
  {
    valid: Type.Boolean({ description: 'Whether the run would be accepted: there are no problems.' }),
    problems: Type.Array(PlanProblem, { description: 'Everything that is wrong, at once.' }),
    warnings: Type.Array(PlanProblem, { description: 'What is probably not meant; the run would be accepted.' }),
    layers: Type.Array(Type.Unsafe<PlanLayer>({ $ref: 'PlanLayer#' }), { description: 'From input to output; empty when the model or its input is unknown.' }),
    parameterCount: Type.Number({ minimum: 0, description: 'Weights in all; 0 while unknown.' }),
    trainableParameterCount: Type.Number({ minimum: 0, description: 'Weights that the optimizer changes.' }),
    flops: Type.Number({ minimum: 0, description: 'Estimated operations of one example\'s forward pass.' }),
    stepsPerEpoch: count('Batches in an epoch, the last perhaps smaller; 0 while the data set is unknown.'),
    totalSteps: count('Batches in all epochs.'),
    trainCount: count('Examples that train.'),
    validationCount: count('Examples that validate.'),
    memory: PlanMemory,
    queue: Type.Optional(Type.Union([ref(QueueOutlook), Type.Null()], { description: 'How it would stand in the queue; null where it is not valid, or nobody can say now.' })),
  },
  { $id: 'Plan', description: 'What a run spec comes to: shapes, parameters, steps, memory, problems.' },
);
export type Plan = Static<typeof Plan>;

// A run's model before and while it is trained: its layers as they are built.
import { Type, type Static } from 'typebox';
import { ref, strictObject } from './build.js';
import { PlanLayer } from './plan.js';

export const ModelSummary = strictObject(
  {
    name: Type.String({ description: "The run's name." }),
    layers: Type.Array(ref(PlanLayer), { description: 'From input to output.' }),
    parameterCount: Type.Number({ minimum: 0, description: 'Numbers in all weights.' }),
    trainableParameterCount: Type.Number({ minimum: 0, description: 'Those that the optimizer changes.' }),
    flops: Type.Number({ minimum: 0, description: "Estimated operations of one example's forward pass." }),
  },
  { $id: 'ModelSummary', description: "Layers, shapes and parameter counts, as Keras' model.summary() tells them." },
);
export type ModelSummary = Static<typeof ModelSummary>;

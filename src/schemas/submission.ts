// What a client may submit: a run spec, or a recipe or another run with changes. It documents the body; the check
// itself is src/specs, which answers every problem at once.
import { Type, type Static } from 'typebox';
import { ref, strictObject } from './build.js';
import { RunId } from './run.js';
import { RunSpec } from './spec.js';

export const RecipeChanges = Type.Object(
  { recipe: Type.String({ description: 'Name of a recipe.' }) },
  {
    $id: 'RecipeChanges',
    additionalProperties: true,
    description: "A recipe with changes: every other key is merged into the recipe's spec as a JSON merge patch (RFC 7396), so objects merge, null removes, arrays replace.",
    examples: [{ recipe: 'mnist-relu', fit: { epochs: 2 } }],
  },
);

export const Fork = strictObject(
  {
    runId: RunId,
    step: Type.Optional(Type.Integer({ minimum: 0, description: 'The step of one of its training states; the latest when absent.' })),
  },
  { $id: 'Fork', description: 'The run, and the training state of it, whose weights another starts with.' },
);
export type Fork = Static<typeof Fork>;

export const ForkChanges = Type.Object(
  { fork: ref(Fork) },
  {
    $id: 'ForkChanges',
    additionalProperties: true,
    description: "Another run with changes: a new run that starts with the weights of a training state of that one (of its last: those of its model) and trains from its own first epoch, with a fresh optimizer. Every other key is merged into that run's spec as with a recipe; the model must keep the same weights.",
    examples: [{ fork: { runId: '0198c2b4-7a31-7c55-9b7e-2f8d3a1c0e44' }, optimizer: { learningRate: 0.0001 }, fit: { epochs: 30 } }],
  },
);

export const RunSubmission = Type.Union([ref(RunSpec), ref(RecipeChanges), ref(ForkChanges)], { $id: 'RunSubmission', description: 'A run spec, or a recipe or another run with changes.' });

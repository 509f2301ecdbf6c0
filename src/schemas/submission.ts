// What a client may submit: a run spec, or a recipe with changes. It documents the body; the check itself
// is src/specs, which answers every problem at once.
import { Type } from 'typebox';
import { ref } from './build.js';
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

export const RunSubmission = Type.Union([ref(RunSpec), ref(RecipeChanges)], { $id: 'RunSubmission', description: 'A run spec, or a recipe with changes.' });

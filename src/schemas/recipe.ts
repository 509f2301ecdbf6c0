// A recipe: a named run spec with the result that it is known to reach.
import { Type, type Static } from 'typebox';
import { page, ref, strictObject } from './build.js';
import { RunSpec } from './spec.js';

const Expected = strictObject(
  {
    metric: Type.String({ description: 'An epoch metric, such as `val_accuracy`.' }),
    atLeast: Type.Optional(Type.Number({ description: 'The run should end at or above this.' })),
    atMost: Type.Optional(Type.Number({ description: 'The run should end at or below this: it fails on purpose.' })),
  },
  { description: 'What the run should reach with its own seed.' },
);

export const Recipe = strictObject(
  {
    name: Type.String({ description: 'Submit `{"recipe": name}` to train it, with changes as a JSON merge patch beside it.' }),
    title: Type.String({ description: 'One line for people.' }),
    description: Type.String({ description: 'What the model is and how it is trained.' }),
    idea: Type.String({ description: 'What it teaches.' }),
    expected: Expected,
    spec: ref(RunSpec),
  },
  { $id: 'Recipe', description: 'A named run spec with a known result.' },
);
export type Recipe = Static<typeof Recipe>;

export const RecipePage = page(Recipe, 'RecipePage');

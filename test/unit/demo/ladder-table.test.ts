// The table of the recipes' results.
import t from 'tap';
import { isReached, LADDER_HEAD, ladderLine, type Rung } from '../../../src/demo/ladder-table.js';
import { findRecipe } from '../../../src/recipes/catalog.js';
import type { Recipe } from '../../../src/schemas/recipe.js';

const recipeOf = (expected: Omit<Recipe['expected'], 'metric'>): Recipe => ({ ...findRecipe('mnist-relu')!, expected: { metric: 'val_accuracy', ...expected } });
const rung = (changes: Partial<Rung> = {}): Rung => ({
  recipe: recipeOf({ atLeast: 0.97 }), reached: 0.97906, seconds: 12.34, examplesPerSecond: 45_678.9, engine: 'compiled-cpu', ...changes,
});

t.test('whether an expectation was met', async (t) => {
  t.ok(isReached(rung()), 'above the least');
  t.ok(isReached(rung({ reached: 0.97 })), 'just the least');
  t.notOk(isReached(rung({ reached: 0.9699 })), 'below the least');
  const onPurpose = recipeOf({ atMost: 0.8 });
  t.ok(isReached(rung({ recipe: onPurpose, reached: 0.5 })), 'below the most');
  t.notOk(isReached(rung({ recipe: onPurpose, reached: 0.81 })), 'above the most');
  t.notOk(isReached(rung({ recipe: onPurpose, reached: null })), 'a run that did not end well reached nothing');
  t.notOk(isReached(rung({ recipe: onPurpose, reached: 'NaN' })), 'what is no number is below nothing');
});

t.test('a line', async (t) => {
  t.equal(ladderLine(rung()), '| `mnist-relu` | 97.91% | at least 97% | 12 | 45,679 | compiled-cpu |');
  t.equal(ladderLine(rung({ seconds: 9.87, reached: 0.96 })), '| `mnist-relu` | 96.00% (missed) | at least 97% | 9.9 | 45,679 | compiled-cpu |', 'a missed one says so');
  t.equal(ladderLine(rung({ recipe: recipeOf({ atMost: 0.989 }), reached: null, examplesPerSecond: null, engine: '' })), '| `mnist-relu` | none (missed) | at most 98.9% | 12 |  |  |', 'of a run that failed, what is known');
  const cells = (line: string) => line.split('|').length;
  t.ok([...LADDER_HEAD, ladderLine(rung())].every((line, _, all) => cells(line) === cells(all[0]!)), 'has the columns of the head');
});

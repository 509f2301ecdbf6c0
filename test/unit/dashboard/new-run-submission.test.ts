// What is no spec itself: what is changed of a recipe or of a run.
import t from 'tap';
import { sourceOf, writtenOut } from '../../../src/dashboard/pages/new-run/submission.js';
import { findRecipe } from '../../../src/recipes/catalog.js';
import { checkSubmission } from '../../../src/specs/submission.js';

t.test('a submission that starts from something else says from what', async (t) => {
  t.same(sourceOf({ recipe: 'mnist-relu', fit: { epochs: 2 } }), { kind: 'recipe', name: 'mnist-relu' });
  t.same(sourceOf({ fork: { runId: 'a' }, fit: { epochs: 2 } }), { kind: 'fork', runId: 'a' });
  for (const fork of [null, 5, {}]) t.same(sourceOf({ fork }), { kind: 'fork', runId: '' }, 'also where the service would refuse it');
  for (const spec of [{}, { recipe: 5 }, { model: { layers: [] } }]) t.equal(sourceOf(spec), null);
});

t.test('a recipe with changes is written out as the spec that would be trained', async (t) => {
  const submission = { recipe: 'mnist-relu', fit: { epochs: 2 }, name: null, dataset: { take: 500 } };
  t.same(writtenOut(submission, findRecipe('mnist-relu')!.spec), checkSubmission(submission).spec);
});

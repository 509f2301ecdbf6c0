import { Ajv } from 'ajv';
import t from 'tap';
import { findRecipe, RECIPES } from '../../../src/recipes/catalog.js';
import { Plan, PlanLayer } from '../../../src/schemas/plan.js';
import { QueueOutlook, StartChange } from '../../../src/schemas/queue.js';
import { Recipe } from '../../../src/schemas/recipe.js';
import { SPEC_SCHEMAS } from '../../../src/schemas/spec.js';
import { planRun } from '../../../src/specs/plan.js';
import { MNIST } from './specs.fixture.js';

/** By hand: inputs times outputs, plus a bias each; four numbers a channel for batch normalization. */
const COUNTS: Record<string, [all: number, trainable: number]> = {
  'mnist-softmax': [784 * 10 + 10, 7850],
  'mnist-sigmoid-sgd': [785 * 200 + 201 * 60 + 61 * 10, 169_670],
  'mnist-relu': [169_670, 169_670],
  'mnist-relu-decay': [169_670, 169_670],
  'mnist-relu-dropout': [169_670, 169_670],
  'mnist-cnn': [(9 * 1 + 1) * 12 + (36 * 12 + 1) * 24 + (36 * 24 + 1) * 32 + (7 * 7 * 32 + 1) * 200 + 201 * 10, 354_002],
  'mnist-cnn-bn-dropout': [9 * 12 + 36 * 12 * 24 + 36 * 24 * 32 + 7 * 7 * 32 * 200 + 4 * (12 + 24 + 32 + 200) + 201 * 10, 354_270],
};

t.test('every recipe can be trained on a small box', async (t) => {
  t.strictSame(RECIPES.map((recipe) => recipe.name), Object.keys(COUNTS), 'the ladder is complete and in order');
  for (const { name, spec, expected } of RECIPES) {
    const plan = planRun(spec, MNIST, { limitBytes: 2 ** 30 });
    t.strictSame([plan.problems, plan.warnings], [[], []], `${name} plans without a word`);
    t.strictSame([plan.parameterCount, plan.trainableParameterCount], COUNTS[name], `${name} has the parameters counted by hand`);
    t.ok((expected.atLeast ?? expected.atMost ?? 2) < 1, `${name} says what it reaches`);
    t.ok(spec.checkpoints?.everyEpochs === 1 && (spec.checkpoints.keepLast ?? 1) >= spec.fit.epochs, `${name} keeps what each epoch made of it`);
    t.equal(spec.name, name, `${name} names its runs`);
  }
});

t.test('recipes are found by their name alone', async (t) => {
  t.equal(findRecipe('mnist-cnn')?.title, 'Convolutions', 'one that is there');
  t.equal(findRecipe('constructor'), null, 'none that is not');
});

t.test('recipes and their plans are what their schemas promise', async (t) => {
  const ajv = new Ajv({ discriminator: true, strict: false, inlineRefs: false, code: { optimize: false } });
  ajv.addSchema([...SPEC_SCHEMAS, PlanLayer, StartChange, QueueOutlook].map((schema) => ({ ...schema })));
  const isRecipe = ajv.compile({ ...Recipe });
  const isPlan = ajv.compile({ ...Plan });
  for (const recipe of RECIPES) {
    t.ok(isRecipe(recipe), `${recipe.name} is a Recipe`, { errors: isRecipe.errors });
    t.ok(isPlan(planRun(recipe.spec, MNIST, { limitBytes: 1 })), `the refused plan of ${recipe.name} is a Plan`, { errors: isPlan.errors });
  }
});

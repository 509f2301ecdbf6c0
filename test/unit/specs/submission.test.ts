import fc from 'fast-check';
import t from 'tap';
import { findRecipe } from '../../../src/recipes/catalog.js';
import { mergePatch } from '../../../src/portable/merge-patch.js';
import { checkSubmission, readFork } from '../../../src/specs/submission.js';
import { validSpec } from './specs.fixture.js';

t.test('a full spec is taken as it is', async (t) => {
  const spec = validSpec();
  t.strictSame(checkSubmission(spec), { spec, recipe: null, problems: [] }, 'without a recipe');
});

t.test('a recipe is taken with changes', async (t) => {
  const recipe = findRecipe('mnist-relu');
  t.strictSame(checkSubmission({ recipe: 'mnist-relu' }), { spec: recipe?.spec, recipe: 'mnist-relu', problems: [] }, 'or without');
  const changed = checkSubmission({ recipe: 'mnist-relu', fit: { epochs: 2, shuffle: false }, tags: ['mine'], name: null });
  t.strictSame(changed.spec?.fit, { ...recipe?.spec.fit, epochs: 2, shuffle: false }, 'objects merge');
  t.strictSame(changed.spec?.tags, ['mine'], 'lists are replaced');
  t.equal(changed.spec?.name, undefined, 'null removes');
  t.equal(recipe?.spec.fit.epochs, 5, 'the recipe itself stays as it was');
});

t.test('an unknown recipe is a fault of its key', async (t) => {
  t.match(checkSubmission({ recipe: 'mnist-rellu' }), { spec: null, problems: [{ pointer: '/recipe', detail: /did you mean "mnist-relu"\?$/ }] }, 'with the nearest name');
  for (const recipe of [null, 3, ['mnist-relu']]) t.match(checkSubmission({ recipe }), { spec: null, problems: [{ pointer: '/recipe' }] }, `${JSON.stringify(recipe)} is no name`);
});

t.test('faults of a changed recipe point into the body', async (t) => {
  const pointers = (changes: object) => checkSubmission({ recipe: 'mnist-relu-decay', ...changes }).problems.map((problem) => problem.pointer);
  t.strictSame(pointers({ fit: { epochs: 0, bachSize: 3 } }), ['/fit/bachSize', '/fit/epochs'], 'at what the client wrote');
  t.strictSame(pointers({ optimizer: null }), ['/optimizer'], 'at what it removed');
  const inherited = checkSubmission({ recipe: 'mnist-relu-decay', schedule: { type: 'cosine', everyEpochs: null } }).problems;
  t.strictSame(inherited, [{ pointer: '/schedule', detail: 'decay: unknown key "decay" (it comes from the recipe; null removes it)' }], 'or at the object that inherits');
  t.match(checkSubmission({ recipe: 'mnist-relu', model: { topology: {} } }).problems, [{ pointer: '/model', detail: /null removes it/ }], 'a second form of model says how to drop the first');
});

t.test('a fork is the spec of another run with changes', async (t) => {
  const parent = validSpec();
  const fork = { runId: '0198c2b4-7a31-7c55-9b7e-2f8d3a1c0e44', step: 7 };
  t.strictSame(readFork({ fork, fit: {} }), fork);
  for (const body of [null, [], {}, { fork: null }, { fork: {} }, { fork: { ...fork, step: -1 } }]) t.equal(readFork(body), null, JSON.stringify(body));
  const changed = checkSubmission({ fork, fit: { epochs: 9 } }, parent);
  t.strictSame(changed, { spec: { ...parent, fit: { ...parent.fit, epochs: 9 } }, recipe: null, problems: [] });
  const faults = (body: object, of = parent as typeof parent | null) => checkSubmission(body, of).problems;
  t.strictSame(faults({ fork }, null), [{ pointer: '/fork/runId', detail: `there is no run ${fork.runId}` }]);
  t.match(faults({ fork: { runId: 'x', stepp: 1 } }), [{ pointer: '/fork/stepp', detail: /did you mean "step"/ }, { pointer: '/fork/runId' }], 'its own form');
  t.match(faults({ fork, recipe: 'mnist-relu' }), [{ pointer: '/recipe', detail: /beside "fork"/ }]);
  t.match(faults({ fork, fit: { epochs: 0 } }), [{ pointer: '/fit/epochs' }]);
  t.match(faults({ fork, schedule: { type: 'constant', decay: 1 } }), [{ pointer: '/schedule/decay' }]);
});

t.test('a merge patch does what RFC 7396 says', async (t) => {
  const examples: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [['a', 'b'], ['c', 'd'], ['c', 'd']],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of examples) t.strictSame(mergePatch(target, patch), result, `${JSON.stringify(target)} with ${JSON.stringify(patch)}`);
  const law = fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
    const before = JSON.stringify([target, patch]);
    const once = mergePatch(target, patch);
    if (JSON.stringify(mergePatch(once, patch)) !== JSON.stringify(once)) throw new Error('a second application changes something');
    if (JSON.stringify([target, patch]) !== before) throw new Error('an argument was changed');
  });
  t.doesNotThrow(() => fc.assert(law, { seed: 5 }), 'a patch applied twice is a patch applied once');
  const hostile = mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}')) as Record<string, unknown>;
  t.equal(hostile['polluted'], undefined, 'a prototype is not a way in');
});

t.test('a recipe with another model takes its topology as a text too', async (t) => {
  const topology = { class_name: 'Sequential', config: { layers: [] } };
  const { spec, problems } = checkSubmission({ recipe: 'mnist-relu', model: { layers: null, topology: JSON.stringify(topology) } });
  t.strictSame(problems, []);
  t.strictSame(spec?.model, { topology });
  t.match(checkSubmission({ recipe: 'mnist-relu', model: { layers: null, topology: '{' } }).problems, [{ pointer: '/model/topology', detail: /not JSON/ }]);
});

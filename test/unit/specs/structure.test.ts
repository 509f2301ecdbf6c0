import fc from 'fast-check';
import t from 'tap';
import { pointerKeys, pointerResolves, pointerTo } from '../../../src/schemas/pointer.js';
import { RECIPES } from '../../../src/recipes/catalog.js';
import { SPEC_SCHEMAS } from '../../../src/schemas/spec.js';
import { checkStructure } from '../../../src/specs/structure.js';
import { nearest } from '../../../src/specs/suggest.js';
import { validSpec } from './specs.fixture.js';

const problems = (body: unknown) => checkStructure(body).problems;
const pointers = (changes: Record<string, unknown>) => problems({ ...validSpec(), ...changes }).map((problem) => problem.pointer);
const details = (changes: Record<string, unknown>) => problems({ ...validSpec(), ...changes }).map((problem) => problem.detail);

t.test('a valid body is the spec, untouched', async (t) => {
  const body = validSpec();
  const copy = structuredClone(body);
  const { spec } = checkStructure(body);
  t.equal(spec, body, 'the very object');
  t.strictSame(body, copy, 'with nothing filled in or removed');
  for (const recipe of RECIPES) t.strictSame(problems(recipe.spec), [], `${recipe.name} is well-formed`);
});

t.test('every fault comes at once, each in its place', async (t) => {
  t.strictSame(
    problems({
      dataset: { name: 'mnist', validation: 'tset' },
      model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 0 }, { type: 'conv2D' }] },
      optimizer: { type: 'adam', learningRate: '0.1' },
      loss: 'categoricalCrossentropy',
      fit: { bachSize: 128, epochs: 0 },
    }),
    [
      { pointer: '/dataset/validation', detail: 'must be one of test, none; did you mean "test"?' },
      { pointer: '/model/layers/1/units', detail: 'must be at least 1' },
      {
        pointer: '/model/layers/2/type',
        detail:
          'must be one of input, flatten, reshape, dense, conv2d, depthwiseConv2d, separableConv2d, maxPooling2d, averagePooling2d, globalAveragePooling2d, globalMaxPooling2d, dropout, batchNormalization, layerNormalization, activation, reLU, leakyReLU, elu, softmax; did you mean "conv2d"?',
      },
      { pointer: '/optimizer/learningRate', detail: 'must be a number, not "0.1"' },
      { pointer: '/fit/bachSize', detail: 'unknown key "bachSize"; did you mean "batchSize"?' },
      { pointer: '/fit/epochs', detail: 'must be at least 1' },
    ],
    'the misspelt key is not reported as missing too, nor are the variants that were not meant',
  );
  t.strictSame(problems({}).map((problem) => problem.pointer), ['/dataset', '/model', '/optimizer', '/loss', '/fit'], 'what is missing is named one by one');
});

t.test('a body that is no object is one fault', async (t) => {
  for (const [body, found] of [[null, 'null'], [[], 'an array'], ['{}', 'a string'], [3, '3']] as const) {
    t.strictSame(problems(body), [{ pointer: '', detail: `must be an object, not ${found}` }], `${JSON.stringify(body)} is refused as a whole`);
  }
});

t.test('no body at all is called so', async (t) => {
  t.strictSame(problems(undefined), [{ pointer: '', detail: 'must be an object, but the body is empty' }]);
});

t.test('common short forms and snake case find the key that is meant', async (t) => {
  const detail = (changes: Record<string, unknown>, pointer: string) => problems({ ...validSpec(), ...changes }).find((problem) => problem.pointer === pointer)?.detail ?? '';
  t.equal(detail({ optimizer: { type: 'adam', lr: 0.1 } }, '/optimizer/lr'), 'unknown key "lr"; did you mean "learningRate"?');
  t.equal(detail({ fit: { batch_size: 1, epochs: 1 } }, '/fit/batch_size'), 'unknown key "batch_size"; did you mean "batchSize"?');
  t.strictSame(pointers({ fit: { batch_size: 1, epochs: 1 } }), ['/fit/batch_size'], 'which is then not missing too');
  t.match(detail({ metrics: ['acc'] }, '/metrics/0'), /; did you mean "accuracy"\?$/);
  t.match(detail({ loss: 'mse' }, '/loss'), /; did you mean "meanSquaredError"\?$/);
  t.equal(nearest('lr', ['epochs', 'seed']), null, 'where there is no such key, none is suggested');
  t.equal(nearest('acc', ['loss']), null);
  const known = [...new Set(JSON.stringify(SPEC_SCHEMAS).match(/"[a-z]+[A-Z][A-Za-z]*":/g))].map((key) => key.slice(1, -2));
  t.ok(known.length > 30, 'of every key');
  for (const key of known) t.equal(nearest(key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), known), key, key);
});

t.test('a topology may be the text that Python gives', async (t) => {
  const topology = { class_name: 'Sequential', config: { layers: [] } };
  const asObject = { ...validSpec(), model: { topology } };
  const asText = { ...validSpec(), model: { topology: JSON.stringify(topology) } };
  t.strictSame(checkStructure(asText), checkStructure(asObject), 'and is then what the text says');
  t.equal(asText.model.topology, JSON.stringify(topology), 'the body is left as it was');
  const detail = (text: string) => problems({ ...validSpec(), model: { topology: text } });
  t.strictSame(detail('{"class_name":\n Sequential}'), [{ pointer: '/model/topology', detail: 'is not JSON: line 2, column 2 is not what should be there' }]);
  t.strictSame(detail(''), [{ pointer: '/model/topology', detail: 'is not JSON: it ends too early' }]);
  for (const text of ['[]', '3', 'null', '"{}"']) t.strictSame(detail(text), [{ pointer: '/model/topology', detail: 'must be the JSON text of an object' }], text);
  t.match(detail('{"__proto__": {}}'), [{ pointer: '/model/topology', detail: /__proto__/ }]);
  t.match(detail(`{"a": ${'['.repeat(100)}${']'.repeat(100)}}`)[0], { detail: 'is nested deeper than 64 levels' }, 'its depth counts as that of an object');
  t.match(detail('{"class_name": "a\\u0000"}')[0], { pointer: '/model/topology/class_name' }, 'and so do its characters');
  t.strictSame(details({ model: { topology: 3 } }), ['must be an object or a string, not 3']);
});

t.test('unions report the variant that was meant', async (t) => {
  const layer = (changes: Record<string, unknown>) => details({ model: { layers: [{ type: 'conv2d', filters: 1, kernelSize: 3, ...changes }] } });
  t.strictSame(layer({ kernelSize: -1 }), ['must be at least 1'], 'a number is judged as a number');
  t.strictSame(layer({ kernelSize: [3] }), ['must have at least 2 items'], 'an array as an array');
  t.strictSame(layer({ kernelSize: '3' }), ['must be an integer or an array, not "3"'], 'and neither as neither');
  t.strictSame(layer({ kernelSize: '3'.repeat(41) }), ['must be an integer or an array, not a string'], 'of a long text that it is one');
  t.strictSame(layer({ kernelInitializer: 'heNormall' })[0]?.endsWith('did you mean "heNormal"?'), true, 'a name is compared with names');
  t.strictSame(layer({ kernelInitializer: 3 }), ['must be a name or an object, not 3'], 'neither a name nor an object');
  t.strictSame(layer({ kernelInitializer: { type: 'constant' } }), ['is required'], 'an object has the keys of its type');
  t.strictSame(layer({ kernelRegularizer: {} }), ['must have one of: l1, l2'], 'an empty choice says what it could be');
  t.strictSame(details({ loss: 'mse' })[0]?.startsWith('must be one of categoricalCrossentropy'), true, 'a loss by a wrong name');
  t.strictSame(details({ loss: { type: 'meanSquaredError', x: 1 } }), ['unknown key "x"'], 'a loss as an object');
  t.strictSame(pointers({ optimizer: {} }), ['/optimizer/type'], 'a missing type is missing, no more');
  t.strictSame(details({ optimizer: { type: 7 } }), ['must be a string, not 7'], 'a type that is no string');
  t.strictSame(details({ model: {} }), ['must have one of: layers, topology'], 'no form of model');
  t.strictSame(details({ model: { layers: [{ type: 'flatten' }], topology: {} } }), ['must have only one of: layers, topology'], 'both forms');
  t.strictSame(pointers({ model: { layer: [] } }), ['/model/layer'], 'a misspelt form');
  t.strictSame(details({ dataset: { name: 'mnist', validation: { split: 1 } } }), ['must be under 1'], 'a split');
  t.strictSame(details({ dataset: { name: 'mnist', validation: true } }), ['must be one of test, none or an object, not a boolean'], 'a wrong validation');
});

t.test('pointers are escaped and lists are counted', async (t) => {
  t.strictSame(pointers({ 'a/b~c': 1 }), ['/a~1b~0c'], 'a key with separators');
  t.strictSame(pointers(JSON.parse('{"__proto__": {"x": 1}}') as Record<string, unknown>), ['/__proto__'], 'a prototype is a key like any other');
  t.strictSame(pointers({ tags: ['a', 'b', 'a'] }), ['/tags/2'], 'a repeated item is the later one');
  t.strictSame(pointers({ priority: Infinity }), ['/priority'], 'infinity is no integer');
});

t.test('what cannot be stored or walked is refused', async (t) => {
  t.strictSame(pointers({ name: 'a\u0000b' }), ['/name'], 'NUL');
  t.strictSame(pointers({ name: 'a\ud800' }), ['/name'], 'half a surrogate pair');
  t.strictSame(pointers({ name: 'a\u{1f600}' }), [], 'a whole one is fine');
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level += 1) deep = { a: deep };
  t.match(problems({ ...validSpec(), model: { topology: deep } })[0], { detail: 'is nested deeper than 64 levels' }, 'endless nesting, without a stack overflow');
});

t.test('thousands of faults are summed up', async (t) => {
  const layers = Array.from({ length: 900 }, () => ({ type: 'dense', units: 0 }));
  const found = problems({ ...validSpec(), model: { layers } });
  t.equal(found.length, 200, 'at most 200 are listed');
  t.strictSame(found.at(-1), { pointer: '', detail: 'and 701 more problems' }, 'the last counts the rest');
  const unknown = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`key${index}`, index]));
  const started = process.cpuUsage();
  t.equal(problems(unknown).length, 200, 'of tens of thousands as well');
  t.ok(process.cpuUsage(started).user < 2_000_000, 'in time that does not explode');
});

/** Places in a document, each with the keys that lead there. */
function places(value: unknown, keys: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [keys];
  return [keys, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...keys, key]))];
}

t.test('whatever is broken, pointers lead to a place or to its parent', async (t) => {
  const law = fc.property(fc.nat(), fc.nat(), fc.jsonValue({ maxDepth: 2 }), (recipe, place, value) => {
    const body = structuredClone(RECIPES[recipe % RECIPES.length]?.spec) as unknown as Record<string, unknown>;
    const all = places(body).slice(1);
    const keys = all[place % all.length] ?? [];
    let parent = body;
    for (const key of keys.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
    parent[keys.at(-1) ?? ''] = value;
    const seen = new Set<string>();
    for (const problem of problems(body)) {
      const above = pointerTo('', ...pointerKeys(problem.pointer).slice(0, -1));
      if (!pointerResolves(body, problem.pointer) && !pointerResolves(body, above)) throw new Error(`${problem.pointer} is nowhere`);
      if (/must match|schema|anyOf|then|else/.test(problem.detail)) throw new Error(`noise: ${problem.detail}`);
      if (seen.has(JSON.stringify(problem))) throw new Error(`twice: ${problem.pointer}`);
      seen.add(JSON.stringify(problem));
    }
  });
  t.doesNotThrow(() => fc.assert(law, { numRuns: 400, seed: 3 }), 'exact, without noise, each once');
});

t.test('suggestions are near or absent', async (t) => {
  t.equal(nearest('batch_size', ['batchSize', 'epochs']), 'batchSize', 'another way of writing');
  t.equal(nearest('epohcs', ['batchSize', 'epochs']), 'epochs', 'swapped letters');
  t.equal(nearest('zzz', ['batchSize', 'epochs']), null, 'nothing near');
  t.equal(nearest('x'.repeat(1000), ['x']), null, 'nothing for endless words');
});

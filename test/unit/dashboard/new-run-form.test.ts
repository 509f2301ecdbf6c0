// The form of a spec: its fields by the grammar, values as they are written, layers as they are moved.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { Plan, Run } from '../../../src/dashboard/api/types.js';
import { labelOf } from '../../../src/dashboard/lib/format.js';
import { estimateOf } from '../../../src/dashboard/pages/new-run/estimate.js';
import { isTopology, layersOf, lineOf, moved, plannedOf, retyped } from '../../../src/dashboard/pages/new-run/layers.js';
import { NO_PLAN, operations, panelOf, startWords } from '../../../src/dashboard/pages/new-run/plan-words.js';
import { isWithin, valueAt, withValue, withValueIn } from '../../../src/dashboard/pages/new-run/pointer.js';
import { absentOf, blankOf, fieldOf, rangeOf, resolve, variantsOf, type Field, type Schema, type Schemas } from '../../../src/dashboard/pages/new-run/schema.js';
import { read, show } from '../../../src/dashboard/pages/new-run/written.js';
import { packageRoot } from '../../../src/paths.js';

const { components } = JSON.parse(readFileSync(join(packageRoot, 'openapi/openapi.json'), 'utf8')) as { components: { schemas: Schemas } };
const schemas = components.schemas;
const layer = (type: string) => variantsOf(schemas.Layer!).find((one) => one.type === type)!.schema.properties!;

t.test('every value of a spec has a control of its own', async (t) => {
  const others: string[] = [];
  const look = (given: Schema, place: string, depth = 0): void => {
    const field = fieldOf(schemas, given);
    if (field.kind === 'other') others.push(place);
    if (depth > 8) return;
    if (field.kind === 'variants') for (const { type, schema } of field.variants) for (const [name, property] of Object.entries(schema.properties ?? {})) look(property, `${place}.${type}.${name}`, depth + 1);
    if (field.kind === 'object') for (const [name, property] of Object.entries(field.schema.properties ?? {})) look(property, `${place}.${name}`, depth + 1);
    if (field.kind === 'list') look(field.items, `${place}[]`, depth + 1);
    if (field.kind === 'named') look(field.settings, `${place}{}`, depth + 1);
  };
  look({ $ref: '#/components/schemas/RunSpec' }, 'spec');
  t.same(others, ['spec.model.topology'], 'save a topology, which only the text shows');
  t.match(fieldOf(schemas, layer('conv2d').kernelSize!), { kind: 'numbers', single: true });
  t.match(fieldOf(schemas, layer('dense').kernelInitializer!), { kind: 'named' });
  t.match(fieldOf(schemas, schemas.Loss!), { kind: 'named' });
  t.match(fieldOf(schemas, schemas.RunSpec!.properties!.metrics!), { kind: 'choices' });
});

t.test('defaults and ranges are read from the document', async (t) => {
  t.equal(absentOf(layer('dense').activation!), 'linear');
  t.equal(absentOf(layer('dense').useBias!), 'true');
  t.equal(absentOf(layer('batchNormalization').axis!), '-1');
  const rate = variantsOf(schemas.Optimizer!)[0]!.schema.properties!.learningRate!;
  t.equal(absentOf(rate, 'adam'), '0.001');
  t.equal(absentOf(rate, 'sgd'), '0.01', 'one that has its own');
  t.equal(absentOf({ description: 'Guard against division by zero; 1e-7 when absent.' }), '1e-7');
  t.equal(absentOf({ description: 'The function.' }), null);
  t.equal(rangeOf(schemas.FitSpec!.properties!.epochs!), 'at least 1, at most 100000');
  t.equal(rangeOf(rate), 'at most 1000000, over 0'.split(', ').reverse().join(', '));
});

t.test('what is begun with has what the grammar asks for', async (t) => {
  for (const { type, schema } of variantsOf(schemas.Layer!)) {
    const made = blankOf(schemas, schema) as Record<string, unknown>;
    t.equal(made.type, type);
    t.same(Object.keys(made).sort(), [...schema.required!].sort(), type);
  }
  t.same(retyped(schemas, { type: 'conv2d', filters: 7, kernelSize: 5, padding: 'same' }, 'maxPooling2d'), { type: 'maxPooling2d', padding: 'same' }, 'what means the same is kept');
  t.match(blankOf(schemas, schemas.RunSpec!), { fit: { batchSize: 128, epochs: 5 }, optimizer: { type: 'sgd' }, loss: 'categoricalCrossentropy' });
});

t.test('values are as they were written', async (t) => {
  const number: Field = { kind: 'number' };
  const numbers: Field = { kind: 'numbers', single: true };
  const cases: [Field, string, unknown][] = [[number, '', undefined], [number, '0.', 0], [number, '1e-3', 0.001], [number, '12a', '12a'], [numbers, '3', 3], [numbers, '3, 5', [3, 5]], [{ kind: 'numbers', single: false }, '3', [3]], [{ kind: 'words' }, 'a, b,, a', ['a', 'b']], [{ kind: 'other' }, '{"a": 1}', { a: 1 }], [{ kind: 'other' }, '{', '{']];
  for (const [field, text, value] of cases) t.same(read(text, field), value, `"${text}"`);
  t.equal(show([28, 28, 1], 'numbers'), '28, 28, 1');
  t.equal(show(undefined, 'text'), '');
  t.equal(labelOf('learningRate'), 'Learning rate');
  t.equal(labelOf('memoryMiB'), 'Memory (MiB)');
});

t.test('values are put at their pointers, and what is left empty goes', async (t) => {
  const spec = { fit: { epochs: 5 }, model: { layers: [{ type: 'a' }, { type: 'b' }] } };
  t.same(withValue(spec, '/fit/batchSize', 9), { ...spec, fit: { epochs: 5, batchSize: 9 } });
  t.same(withValue(spec, '/schedule/warmup/epochs', 1), { ...spec, schedule: { warmup: { epochs: 1 } } });
  t.same(withValue(withValue(spec, '/resources/device', 'cpu'), '/resources/device', undefined), spec);
  t.same(withValueIn({ dataset: { validation: { split: 0.1 } } }, '/dataset/validation', { pointer: '/dataset/validation/split', value: undefined }), {}, 'a value with settings stays while one writes them anew');
  t.same(withValue({ metrics: ['accuracy'] }, '/metrics', []), { metrics: [] }, 'none of a list is not the default');
  t.same(withValue(spec, '/model/layers/1/units', 3).model.layers, [{ type: 'a' }, { type: 'b', units: 3 }]);
  t.same(withValue(spec, '/model/layers', []), { ...spec, model: { layers: [] } }, 'an empty list is a value');
  t.same(spec.fit, { epochs: 5 }, 'in place nothing changes');
  t.equal(valueAt(spec, '/model/layers/1/type'), 'b');
  t.equal(valueAt(spec, '/toString'), undefined);
  t.ok(isWithin('/model/layers/1/units', '/model/layers/1'));
  t.notOk(isWithin('/model/layers/10', '/model/layers/1'));
});

t.test('layers are moved, told and matched with the plan', async (t) => {
  fc.assert(fc.property(fc.uniqueArray(fc.integer(), { minLength: 1 }), fc.nat(), fc.nat(), (list, a, b) => {
    const [from, to] = [a % list.length, b % list.length];
    const next = moved(list, from, to);
    return next[to] === list[from] && next.length === list.length && list.every((one) => next.includes(one));
  }));
  t.equal(lineOf({ type: 'conv2d', filters: 12, kernelSize: [3, 3], useBias: false, activation: 'relu' }), 'filters 12 · kernel size 3 × 3 · use bias no · relu');
  const plan = (...types: string[]) => ({ layers: types.map((type) => ({ type })) }) as Plan;
  t.same(plannedOf(2, plan('flatten', 'dense')).map((one) => one?.type), ['flatten', 'dense']);
  t.same(plannedOf(2, plan('input', 'flatten', 'dense')).map((one) => one?.type), ['flatten', 'dense']);
  t.same(plannedOf(2, plan('flatten')), [null, null], 'a plan of another list says nothing');
});

t.test('only a topology is called one', async (t) => {
  const layers = [{ type: 'flatten' }];
  t.same(layersOf({ model: { layers } }), layers);
  for (const spec of [{}, { model: {} }, null]) t.same([layersOf(spec), isTopology(spec)], [[], false], 'no model has no layer yet');
  for (const model of [null, 5, [], { layers: [null] }, { layers: {} }, { layers: [[]] }, { layers: [null], topology: '{}' }]) t.same([layersOf({ model }), isTopology({ model })], [null, false], JSON.stringify(model));
  t.same([layersOf({ model: { topology: '{}' } }), isTopology({ model: { topology: '{}' } })], [null, true]);
});

t.test('times are those of a run that did the same', async (t) => {
  const spec = { model: { layers: [{ type: 'conv2d', filters: 12, kernelSize: 3 }] }, dataset: { name: 'mnist' }, fit: { batchSize: 128, epochs: 5 } } as Run['spec'];
  const transitions = [['queued', 0], ['starting', 1], ['running', 3], ['finalizing', 13], ['succeeded', 14]].map(([state, second]) => ({ state, at: new Date(Number(second) * 1000).toISOString() }));
  const run = { id: 'r', name: 'before', state: 'succeeded', spec: { ...spec, model: { layers: [{ kernelSize: 3, filters: 12, type: 'conv2d' }] } }, progress: { step: 100 }, transitions } as unknown as Run;
  const plan = { valid: true, totalSteps: 200 } as Plan;
  t.match(estimateOf([run], { ...spec, fit: { ...spec.fit, epochs: 10 } }, plan), { ms: 20_000, by: { id: 'r' } }, 'whatever the order of its keys; validation counts');
  t.equal(estimateOf([run], { ...spec, engine: 'eager' }, plan), null);
  t.equal(estimateOf([run], { ...spec, resources: { backend: 'cpu' } }, plan), null);
  t.equal(estimateOf([run], { ...spec, fit: { ...spec.fit, batchSize: 64 } }, plan), null);
  t.equal(estimateOf([run], { ...spec, model: { layers: [] } }, plan), null);
  t.equal(estimateOf([{ ...run, state: 'failed' }], spec, plan), null);
  t.equal(estimateOf([{ ...run, transitions: [] }], spec, plan), null);
  t.equal(resolve(schemas, { $ref: '#/components/schemas/None' }).$ref, '#/components/schemas/None');
});

t.test('sizes and starts in words', async (t) => {
  t.equal(operations(31_400_000), '31.4 MFLOP');
  const now = Date.parse('2026-01-01T12:00:00Z');
  const outlook = (likely: string | null, code = 'slots') => ({ valid: true, queue: { estimatedStart: { likely }, reason: { code } } }) as Plan;
  t.equal(startWords(outlook('2026-01-01T12:00:02Z', 'starting'), now), 'at once');
  t.equal(startWords(outlook('2026-01-01T11:00:00Z'), now), 'in a moment');
  t.equal(startWords(outlook('2026-01-01T12:02:00Z'), now), 'in about 2 min 00 s');
  t.equal(startWords(outlook(null), now), 'too far off to tell');
  t.equal(startWords(outlook(null, 'too_large'), now), 'never on the boxes there are');
  t.equal(startWords({ ...outlook(null), queue: null }, now), 'nobody can say now');
  t.equal(startWords(NO_PLAN, now), '–');
});

t.test('the panel tells what there is, and of nothing else', async (t) => {
  const plan = { ...NO_PLAN, valid: true, parameterCount: 7850 };
  const waiting = (code: string) => ({ ...plan, queue: { reason: { code } } }) as Plan;
  const planned = (of: Plan | null, current = true, error?: unknown) => ({ plan: of, current, error });
  const SOME = { broken: null, layers: 3 };
  const lacking = { pointer: '/model/layers', detail: 'must have at least 1 item' };
  t.match(panelOf(planned({ ...NO_PLAN, problems: [lacking] }), { ...SOME, layers: 0 }), { state: 'empty', headline: 'No layer yet' }, 'to have only begun is no mistake');
  t.match(panelOf(planned({ ...NO_PLAN, problems: [lacking, { pointer: '/fit/epochs', detail: 'must be at least 1' }] }), { ...SOME, layers: 0 }), { state: 'wrong', headline: '2 problems' });
  t.match(panelOf(planned(plan), { ...SOME, layers: 0 }), { state: 'valid' }, 'a spec that starts from a recipe has its layers');
  t.match(panelOf(planned(null, false), SOME), { state: 'asking', headline: 'Checking …', plan: null });
  t.match(panelOf(planned(plan), SOME), { state: 'valid', shown: 'valid', headline: 'Ready to train', plan });
  t.match(panelOf(planned(plan, false), SOME), { state: 'asking', shown: 'valid', plan }, 'the last answer stays while it asks again');
  t.match(panelOf(planned({ ...NO_PLAN, problems: [{ pointer: '', detail: 'is required' }] }), SOME), { state: 'wrong', headline: '1 problem' });
  for (const code of ['too_large', 'no_box']) t.match(panelOf(planned(waiting(code)), SOME), { state: 'valid', shown: 'unfit', headline: 'It fits no box that there is' });
  t.match(panelOf(planned(waiting('slots')), SOME), { shown: 'valid' });
  t.match(panelOf(planned(plan, false), { ...SOME, broken: 'The JSON cannot be read' }), { state: 'broken', headline: 'The JSON cannot be read', plan: { parameterCount: 0 } }, 'a plan of a text before is none of this one');
  t.match(panelOf(planned(plan, false, new Error('gone')), SOME), { state: 'unknown', plan: { parameterCount: 0 } });
});

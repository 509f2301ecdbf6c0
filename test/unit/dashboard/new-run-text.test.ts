// The text of a spec: read with its places, laid out again, and completed by the grammar.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { completionsAt } from '../../../src/dashboard/pages/new-run/completions.js';
import { contextAt } from '../../../src/dashboard/pages/new-run/json-context.js';
import { layOut, lineOf, parseText, spanOf, whyNoSpec } from '../../../src/dashboard/pages/new-run/json-text.js';
import { withProposal } from '../../../src/dashboard/pages/new-run/proposal.js';
import type { Schemas } from '../../../src/dashboard/pages/new-run/schema.js';
import { packageRoot } from '../../../src/paths.js';

const { components } = JSON.parse(readFileSync(join(packageRoot, 'openapi/openapi.json'), 'utf8')) as { components: { schemas: Schemas } };
const schemas = components.schemas;

t.test('what is laid out is read again, as JSON.parse does', async (t) => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const plain = JSON.parse(JSON.stringify(value)) as unknown;
    t.same(parseText(layOut(plain)).value, plain);
    return true;
  }), { numRuns: 60 });
  const text = layOut({ name: 'a', model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10 }] } });
  t.equal(text, '{\n  "name": "a",\n  "model": {\n    "layers": [\n      {"type": "flatten"},\n      {"type": "dense", "units": 10}\n    ]\n  }\n}', 'a layer a line');
});

t.test('each value has its place, and a fault has one too', async (t) => {
  const text = '{\n  "fit": {"epochs": 5},\n  "a/b": [1, "x"]\n}';
  const { places, fault } = parseText(text);
  const at = (pointer: string) => {
    const span = spanOf(places, pointer)!;
    return text.slice(span.from, span.to);
  };
  t.equal(fault, null);
  t.equal(at('/fit/epochs'), '5');
  t.equal(at('/a~1b/1'), '"x"');
  t.equal(at('/fit/batchSize'), '{"epochs": 5}', 'what is missing is missed in what holds it');
  t.equal(lineOf(text, text.indexOf('"a/b"')), 3);
  const faults: [string, RegExp, number][] = [['{"a": }', /cannot begin/, 6], ['{"a": 1,}', /comma too many/, 8], ['{"a" 1}', /expected ":"/, 5], ['[1 2]', /expected ","/, 3], ['{"a": "x', /not closed/, 6], ['{a: 1}', /double quotes/, 1], ['{} {}', /nothing may follow/, 3], ['', /missing/, 0], ['[tru]', /no JSON value/, 1], ['[01]', /no JSON value/, 1]];
  for (const [broken, words, place] of faults) t.match(parseText(broken).fault, { message: words, at: place }, broken);
  t.match(parseText('['.repeat(5000)).fault, { message: /too deeply/ });
  fc.assert(fc.property(fc.string(), (any) => {
    let isJson = true;
    try {
      JSON.parse(any);
    } catch {
      isJson = false;
    }
    return (parseText(any).fault === null) === isJson;
  }));
});

t.test('a text that is no spec says why', async (t) => {
  const why = (text: string) => whyNoSpec(text, parseText(text));
  t.equal(why('{}'), null);
  for (const text of ['null', '[]', '42', '"mnist-relu"']) t.match(why(text), { title: 'The JSON is no spec', detail: /^A spec is a JSON object/ }, text);
  t.same(why('{\n"a": }'), { title: 'The JSON cannot be read', detail: 'Line 2: a value cannot begin with "}".' });
  for (const number of ['1e400', '-1e999']) t.match(why(`{"fit": {"epochs": ${number}}}`), { detail: `Line 1: ${number} is too large a number.` });
});

t.test('the caret knows where it stands, whatever follows', async (t) => {
  const at = (marked: string) => contextAt(marked.replace('|', ''), marked.indexOf('|'));
  t.match(at('{"fit": {"ep|'), { path: ['fit'], expects: 'key', prefix: 'ep', quoted: true });
  t.match(at('{"fit": {"epochs": 5, |'), { path: ['fit'], expects: 'key', prefix: '' });
  t.match(at('{"model": {"layers": [{"type": "dense", "activation": "re|"}]}}'), { path: ['model', 'layers', 0], expects: 'value', key: 'activation', prefix: 're' });
  t.equal(at('{"model": {"layers": [{"type": "dense", "activation": "re|"').known.get('type'), 'dense');
  t.match(at('{"model": {"layers": [{}, |'), { path: ['model', 'layers'], expects: 'value', key: null });
  t.match(at('{"a": 1|'), { expects: 'value', key: 'a', prefix: '1' });
  t.equal(at('{"a": "x"|').expects, 'nothing');
  t.equal(at('|').expects, 'nothing');
});

t.test('what may be written comes from the schemas', async (t) => {
  const offered = (marked: string) => completionsAt(schemas, marked.replace('|', ''), marked.indexOf('|'))?.items.map(({ label }) => label) ?? [];
  t.same(offered('{"fit": {"|'), ['batchSize', 'epochs', 'seed', 'shuffle']);
  t.same(offered('{"fit": {"epochs": 5, "b|'), ['batchSize']);
  t.same(offered('{"optimizer": {"type": "sgd", "|'), ['learningRate', 'momentum', 'nesterov'], 'by the type that is there');
  t.same(offered('{"optimizer": {"type": "ada|'), ['adagrad', 'adadelta', 'adam', 'adamax']);
  t.ok(offered('{"model": {"layers": [|').includes('conv2d'), 'whole layers in their list');
  t.same(offered('{"model": {"layers": [{"type": "dense", "activation": "sig|'), ['sigmoid', 'hardSigmoid', 'softsign'], 'what begins so comes first');
  t.same(offered('{"loss": "mean|'), ['meanSquaredError', 'meanAbsoluteError']);
  t.same(offered('{"metrics": ["acc|'), ['accuracy']);
  t.same(offered('{"dataset": {"validation": "|'), ['test', 'none']);
  t.same(offered('{"fit": {"shuffle": |'), ['true', 'false']);
  t.same(offered('{"name": "x", "nosuch": {"|'), []);
});

t.test('a page may propose a change by the address, in which anything may stand', async (t) => {
  const spec = { name: 'a', fit: { epochs: 5, batchSize: 32 } };
  t.equal(withProposal(spec, ''), spec);
  t.same(withProposal(spec, '{"fit":{"batchSize":16,"epochs":null}}'), { name: 'a', fit: { batchSize: 16 } });
  for (const change of ['{"fit"', '[]', 'null', '"a"', '7']) t.throws(() => withProposal(spec, change), /no JSON object/, change);
});

import fc from 'fast-check';
import t from 'tap';
import { parseJson } from '../../../src/http/json-body.js';
import { jsonFaultOffset } from '../../../src/http/json-fault.js';

const refusal = (text: string) => {
  try {
    return `taken: ${JSON.stringify(parseJson(text))}`;
  } catch (error) {
    return (error as Error).message;
  }
};

t.test('JSON is read as it is', async (t) => {
  t.same(parseJson('{"a": [1, "\\u00e9", null]}'), { a: [1, 'é', null] });
  t.same(parseJson('\uFEFF[1]'), [1], 'a byte order mark is passed over');
  t.equal(parseJson(''), undefined, 'no body is no body');
  t.same(parseJson('{"text": "the word __proto__ alone does no harm"}'), { text: 'the word __proto__ alone does no harm' });
});

t.test('a fault is told by line and column', async (t) => {
  t.equal(refusal('{"a": 1,}'), 'The body is not JSON: line 1, column 9 is not what should be there.');
  t.equal(refusal('{\n  "a": tru\n}'), 'The body is not JSON: line 2, column 8 is not what should be there.');
  t.equal(refusal('{"a": [1, 2'), 'The body is not JSON: it ends too early.');
  t.equal(refusal("{'a': 1}"), 'The body is not JSON: line 1, column 2 is not what should be there.');
  t.equal(refusal('{"a": NaN}'), 'The body is not JSON: line 1, column 7 is not what should be there.');
});

t.test('a long faulty text is no work', async (t) => {
  const start = performance.now();
  t.equal(jsonFaultOffset(`["${'a\\n'.repeat(200_000)}`), 1, 'a string without an end is told by its start');
  t.equal(jsonFaultOffset('['.repeat(1_000_000)), 1_000_000, 'depth alone is no fault');
  t.ok(performance.now() - start < 5_000, 'in time that grows with its length only');
});

t.test('what is nested too deeply is refused', async (t) => {
  const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}1${']}'.repeat(levels / 2)}`;
  t.match(refusal(nested(200)), /^taken/);
  for (const levels of [202, 20_000, 400_000]) t.equal(refusal(nested(levels)), 'The body is nested deeper than 200 levels.');
});

t.test('a key that reaches for prototypes is refused, however it is written', async (t) => {
  for (const text of ['{"__proto__": {"x": 1}}', '{"a": [{"__proto__": 1}]}', '{"\\u005f_proto__": 1}', '{"_\\u005Fproto_\\u005f": 1}']) {
    t.match(refusal(text), /"__proto__"/, text);
  }
});

t.test('the beginning of a text up to its fault is without fault, and so is all of a JSON text', async (t) => {
  const spoiled = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', '}', ']', ',', ':', '"', 'x', '1', ' ', '\\')).map(([text, seed, insert]) => {
    const at = seed % (text.length + 1);
    return text.slice(0, at) + insert + text.slice(at + (seed % 2));
  });
  const hold = () => fc.assert(
    fc.property(spoiled, (text) => {
      const offset = jsonFaultOffset(text);
      // Up to the fault nothing is wrong: the rest of some JSON text could follow, which the scan itself must admit.
      if (jsonFaultOffset(text.slice(0, offset)) !== offset) return false;
      return !isJson(text) || offset === text.length;
    }),
    { seed: 42, numRuns: 2000 },
  );
  t.doesNotThrow(hold);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// Examples out of JSON bodies: the shapes that are understood, and what is said of the others.
import t from 'tap';
import type { ServiceError } from '../../../src/errors.js';
import { parseInstances } from '../../../src/predict/instances.js';

function refusal(body: unknown, inputShape: readonly number[] = [2, 2, 1]): Pick<ServiceError, 'code' | 'problems'> {
  try {
    parseInstances(body, inputShape);
  } catch (error) {
    const { code, problems } = error as ServiceError;
    return { code, problems };
  }
  throw new Error('it was taken');
}

t.test('an instance may be nested as the input, without its last axis of one, or flat', async (t) => {
  const instances = [[[[1], [2]], [[3], [4]]], [[5, 6], [7, 8]], [9, 10, 11, 12]];
  const { x, count } = parseInstances({ instances }, [2, 2, 1]);
  t.same([...x], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 'all end up row-major');
  t.equal(count, 3);
  t.same([...parseInstances({ instances: [[[1, 2, 3], [4, 5, 6]]] }, [1, 2, 3].slice(1)).x], [1, 2, 3, 4, 5, 6], 'also where the last axis counts');
});

t.test('bodies of another form', async (t) => {
  const cases: [unknown, string][] = [
    [undefined, ''], [[], ''], [{}, '/instances'], [{ instances: 7 }, '/instances'], [{ instances: [] }, '/instances'],
    [{ instances: [[1, 2, 3, 4]], extra: 1 }, '/extra'], [{ instances: ['7'] }, '/instances/0'], [{ instances: [{}] }, '/instances/0'],
  ];
  for (const [body, pointer] of cases) {
    t.match(refusal(body), { code: 'bad_request', problems: [{ pointer }] }, `${JSON.stringify(body)} is refused at "${pointer}"`);
  }
  t.equal(refusal({ instances: Array.from({ length: 1001 }, () => [0]) }).code, 'body_too_large', 'more than a thousand are too many');
});

t.test('wrong shapes are told each at its place', async (t) => {
  const instances = [[1, 2, 3, 4], [1, 2, 3], [[1, 2], [3]], [[[1], [2]], [[3], [4, 5]]], 7, [[1, [2]], [3, 4]]];
  t.match(refusal({ instances }), {
    code: 'impossible_input',
    problems: [
      { pointer: '/instances/1', detail: 'has 3 items where 4 should be' },
      { pointer: '/instances/2/1', detail: 'has 1 items where 2 should be' },
      { pointer: '/instances/3/1/1', detail: 'has 2 items where 1 should be' },
      { pointer: '/instances/4', detail: /is a number where \[2, 2, 1\]/ },
      { pointer: '/instances/5/0/1', detail: 'is an array where a number should be' },
    ],
  });
  t.equal(refusal({ instances: Array.from({ length: 500 }, () => [1]) }).problems.length, 20, 'but not hundreds of them');
});

t.test('what is no number', async (t) => {
  for (const value of ['1', null, true, Number.POSITIVE_INFINITY, 1e39]) {
    t.match(refusal({ instances: [[0, 1, 2, 3], [0, 1, value, 3]] }), { code: 'bad_request', problems: [{ pointer: '/instances/1/2' }] }, `${String(value)} is refused`);
  }
});

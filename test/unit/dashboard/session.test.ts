// Before a page is shown: the service is waited for, and what a tab keeps is its owner's.
import t from 'tap';
import { ApiError, toApiError, unreachable } from '../../../src/dashboard/api/error.js';
import { patiently } from '../../../src/dashboard/api/patiently.js';
import { same } from '../../../src/dashboard/lib/same.js';
import { forgetAll, ownTab, type Kept } from '../../../src/dashboard/lib/tab-owner.js';

t.test('what passes is waited for, ever longer; what does not is told', async (t) => {
  const waits: number[] = [];
  const faults: string[] = [];
  const asking = (...answers: (ApiError | string)[]) => patiently(async () => {
    const next = answers.shift()!;
    if (typeof next === 'string') return next;
    throw next;
  }, { wait: async (ms) => void waits.push(ms), onFault: ({ code }) => void faults.push(code) });
  t.equal(await asking(unreachable(), unreachable(), toApiError(503, null), toApiError(429, { code: 'rate_limited' }), unreachable(), 'here'), 'here');
  t.same(waits, [1000, 2000, 4000, 8000, 8000]);
  t.same(faults, ['unreachable', 'unreachable', 'unknown', 'rate_limited', 'unreachable']);
  await t.rejects(asking(toApiError(404, null), 'never'), { message: 'The service answered 404.' });
});

t.test('what a tab keeps is gone for the next person, and no other', async (t) => {
  const kept = new Map<string, string>();
  const storage: Kept = {
    get length() { return kept.size; },
    key: (at) => [...kept.keys()][at] ?? null,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
  storage.setItem('trainyard-draft mnist', '{}');
  storage.setItem('of-others', '1');
  ownTab(storage, 'lab ada');
  ownTab(storage, 'lab ada');
  t.equal(storage.getItem('trainyard-draft mnist'), '{}', 'whoever signs in again goes on');
  ownTab(storage, 'lab bob');
  t.same([storage.getItem('trainyard-draft mnist'), storage.getItem('of-others')], [null, '1']);
  storage.setItem('trainyard-draft mnist', '{}');
  forgetAll(storage);
  t.same([...kept.keys()], ['of-others']);
});

t.test('what says the same is the same', async (t) => {
  t.ok(same({ a: [1, { b: null }], c: NaN }, { c: NaN, a: [1, { b: null }] }));
  for (const [a, b] of [[1, '1'], [[1], [1, 2]], [{ a: 1 }, { b: 1 }], [{ a: undefined }, { b: undefined }], [[], {}], [null, {}], [{ a: 1 }, { a: 1, b: 1 }]]) t.notOk(same(a, b), JSON.stringify([a, b]));
});

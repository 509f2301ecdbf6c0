// Teams: what is written is what is meant.
import t from 'tap';
import type { Usage } from '../../../src/dashboard/api/types.js';
import { faultOfBoxName, faultOfHandle } from '../../../src/dashboard/pages/teams/handle.js';
import { isGood, readDays } from '../../../src/dashboard/pages/teams/key-words.js';
import { faultOf, NAMES, readShare, shown, written } from '../../../src/dashboard/pages/teams/quota-words.js';
import { partsOf } from '../../../src/dashboard/pages/teams/storage-parts.js';

t.test('a quota is written as it is read', async (t) => {
  t.same([shown('maxRuns', null), shown('maxRuns', 1200), shown('gpuSecondsPerDay', 5400), shown('storageBytes', 2.5e10), shown('weight', 1.5)], ['no limit', '1,200', '1.5 h', '25.0 GB', '1.5']);
  for (const [name, value] of [['weight', 0.25], ['maxRuns', 0], ['gpuSecondsPerDay', 12_345], ['storageBytes', 1_234_567_891], ['storageBytes', null]] as const) t.equal(readShare(name, written(name, value)), value, `${name} ${value}`);
  t.same([readShare('gpuSecondsPerDay', '1,5'), readShare('storageBytes', ' 2 '), readShare('maxRuns', '')], [5400, 2e9, null]);
  for (const [name, text] of [['weight', ''], ['weight', '0'], ['weight', '1001'], ['maxRuns', '1.5'], ['maxRuns', '-1'], ['storageBytes', 'much'], ['gpuSecondsPerDay', '1e9']] as const) t.ok(readShare(name, text) === undefined && faultOf(name, text), `${name}: ${faultOf(name, text)}`);
  t.same(NAMES.map((name) => faultOf(name, '3')), [null, null, null, null]);
  t.same([faultOf('weight', '0'), faultOf('maxRuns', 'x')], ['A number above 0 to 1,000.', 'A whole number from 0 to 100,000, or nothing for no limit.']);
});

t.test('names and lifetimes are those that the service takes', async (t) => {
  t.same(['ada', 'a.b_c-1', 'Ada', '', '-a'].map((name) => faultOfHandle(name) === null), [true, true, false, false, false]);
  t.same(['Box-1', 'a b'].map((name) => faultOfBoxName(name) === null), [true, false]);
  t.same(['', '30', '0', 'x', '4000'].map(readDays), [null, 30, undefined, undefined, undefined]);
  const now = Date.parse('2026-03-01T00:00:00Z');
  t.same([isGood({ revokedAt: null, expiresAt: null }, now), isGood({ revokedAt: null, expiresAt: '2026-02-01T00:00:00Z' }, now), isGood({ revokedAt: '2026-02-01T00:00:00Z', expiresAt: null }, now)], [true, false, false]);
});

t.test('of the disk only what is there is shown', async (t) => {
  const none = { files: 0, bytes: 0, diskBytes: 0 };
  const files = { models: { ...none, files: 3, bytes: 10 }, trainingStates: none, orphans: none, incoming: none, cache: none, scratch: none, database: { ...none, bytes: 5 }, other: none, total: none } as Usage['files'];
  t.same(partsOf(files).map(({ key, size }) => [key, size]), [['models', 10], ['database', 5]]);
});

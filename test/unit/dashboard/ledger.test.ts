// The ledger: of which days it is, and its numbers in units that people use.
import t from 'tap';
import type { LedgerItem } from '../../../src/dashboard/api/types.js';
import { aboutOf, deviceTime, keyOf, nameOf, shareOf } from '../../../src/dashboard/pages/ledger/ledger-words.js';
import { spanOf } from '../../../src/dashboard/pages/ledger/period.js';

t.test('a period is of whole days in UTC', async (t) => {
  const now = Date.parse('2026-03-10T22:30:00Z');
  const of = (more: object) => spanOf({ period: '7', first: '', last: '', ...more }, now);
  t.same([of({}), of({ period: '1' })], [{ from: '2026-03-04', to: null }, { from: '2026-03-10', to: null }]);
  const dates = (first: string, last: string) => of({ period: 'dates', first, last });
  t.same(dates('2026-02-01', '2026-02-28'), { from: '2026-02-01', to: '2026-03-01' }, 'with all of the last day');
  t.same(dates('2026-03-09', '2026-03-10'), { from: '2026-03-09', to: null }, 'a day that goes on ends now');
  for (const wrong of [dates('', ''), dates('2026-02-30', '2026-03-01'), dates('2026-03-02', '2026-03-01'), dates('2027-01-01', '2027-01-02'), dates('2024-01-01', '2026-01-01')]) t.type(wrong, 'string', String(wrong));
});

t.test('device time is said in the unit that fits', async (t) => {
  t.same([0, 0.01, 4.23, 42, 90, 5400, 36_000, 4e6].map(deviceTime), ['0 s', '< 0.1 s', '4.2 s', '42 s', '1.5 min', '90.0 min', '10.0 h', '1,111 h']);
  t.same([shareOf(1, 4), shareOf(1, 1000), shareOf(0, 0), shareOf(0, 9)], ['25 %', '< 1 %', '', '0 %']);
});

t.test('items of the ledger have names, and keys of their own', async (t) => {
  const item = (more: object) => more as LedgerItem;
  t.same([nameOf(item({ user: null }), 'user'), nameOf(item({ day: '2026-03-03' }), 'day'), nameOf(item({ deviceKind: 'gpu' }), 'deviceKind')], ['nobody known', 'Tue 3 Mar', 'GPU']);
  t.same([aboutOf(item({ box: 'a', deviceKind: 'cpu' }), 'box'), aboutOf(item({ user: 'ada', team: 'vision' }), 'run')], ['CPU', 'ada · vision']);
  t.not(keyOf(item({ box: 'a', deviceKind: 'cpu' }), 'box'), keyOf(item({ box: 'a', deviceKind: 'gpu' }), 'box'));
});

// The arithmetic of the benches, and what they say of a bar.
import t from 'tap';
import { rowsTable, wholeNumber } from '../../bench/bench.js';
import { isMet, median, quantile, row } from '../../bench/measure.js';

t.test('quantiles', async (t) => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  t.strictSame([0, 0.5, 0.95, 0.99, 1].map((share) => quantile(values, share)), [1, 51, 96, 100, 100], 'whatever the order');
  t.strictSame([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])], [2, 2.5, 7], 'the middle, or the mean of the middle two');
  t.ok(Number.isNaN(quantile([], 0.5)) && Number.isNaN(median([])), 'of nothing there is none');
});

t.test('bars', async (t) => {
  t.ok(isMet(50, { atMost: 50 }) && isMet(50, { atLeast: 50 }), 'the bar itself is enough');
  t.notOk(isMet(50.1, { atMost: 50 }) || isMet(49.9, { atLeast: 50 }));
  t.notOk(isMet(NaN, { atMost: 50 }) || isMet(NaN, { atLeast: 50 }), 'what was not measured is never enough');
});

t.test('a table says of each row whether its median is enough', async (t) => {
  const table = rowsTable([row('fast', [1, 9, 2], 'ms', { atMost: 2 }), row('slow', [8, 9, 1], 'ms', { atMost: 2 }), row('many', [60_000], 'per second', { atLeast: 50_000 }), row('so be it', [0.5], 's')]);
  t.strictSame(table, {
    fast: { median: '2', min: '1', max: '9', unit: 'ms', bar: '<= 2: ok' },
    slow: { median: '8', min: '1', max: '9', unit: 'ms', bar: '<= 2: FALLS SHORT' },
    many: { median: '60,000', min: '60,000', max: '60,000', unit: 'per second', bar: '>= 50,000: ok' },
    'so be it': { median: '0.5', min: '0.5', max: '0.5', unit: 's', bar: '' },
  });
});

t.test('options are whole numbers in their bounds', async (t) => {
  t.equal(wholeNumber({ rounds: '7' }, 'rounds', 7), 7);
  for (const rounds of ['0', '8', '1.5', 'many', '', undefined]) t.throws(() => wholeNumber({ rounds }, 'rounds', 7), { message: '--rounds takes a whole number from 1 to 7' }, `${rounds} is none`);
});

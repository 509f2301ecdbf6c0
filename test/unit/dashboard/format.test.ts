import t from 'tap';
import { ago, bytes, count, duration, memoryBytes, percent, plain, roundPercent, several } from '../../../src/dashboard/lib/format.js';

t.test('numbers are short, and what is none has a name', async (t) => {
  const cases: [number, string][] = [[0, '0'], [0.1234567, '0.1235'], [2, '2'], [2.5, '2.5'], [-0.25, '−0.25'], [1234.5, '1,235'], [123456, '1.23e5'], [0.00001, '1.00e−5'], [NaN, 'NaN'], [Infinity, '∞'], [-Infinity, '−∞']];
  for (const [value, text] of cases) t.equal(plain(value), text);
  t.equal(percent(0.97924), '97.92 %');
  t.equal(percent(1), '100 %');
  t.equal(percent(NaN), 'NaN');
  t.equal(roundPercent(0.95), '95 %');
  t.equal(count(12345), '12,345');
  t.equal(several(1, 'run'), '1 run');
  t.equal(several(2000, 'point'), '2,000 points');
  t.equal(bytes(999), '999 B');
  t.equal(bytes(31_400), '31.4 kB');
  t.same([1023, 31_400, 2 ** 30].map(memoryBytes), ['1023 B', '30.7 KiB', '1.0 GiB'], 'memory in the units of devices');
});

t.test('times have two units at most', async (t) => {
  const cases: [number, string][] = [[-5, '0.0 s'], [7340, '7.3 s'], [9960, '10 s'], [59_400, '59 s'], [59_600, '1 min 00 s'], [125_000, '2 min 05 s'], [3_840_000, '1 h 04 min'], [3_599_600, '1 h 00 min'], [200_000_000, '2 d 7 h']];
  for (const [ms, text] of cases) t.equal(duration(ms), text);
  const now = Date.parse('2026-01-01T12:00:00Z');
  t.equal(ago('2026-01-01T11:59:30Z', now), 'just now');
  t.equal(ago('2026-01-01T11:55:00Z', now), '5 min ago');
  t.equal(ago('2026-01-01T09:00:00Z', now), '3 h ago');
});

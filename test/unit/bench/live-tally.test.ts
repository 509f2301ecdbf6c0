// A reader that counts wrongly would make every stream look sound.
import t from 'tap';
import type { RunEvent } from '../../../src/schemas/event.js';
import { block, pointsIn } from '../../bench/blocks.js';
import { Tally } from '../../bench/live-tally.js';

const event = (seq: number): RunEvent => ({ seq, ...block(seq, { steps: 2, series: ['loss', 'accuracy'] }), at: '2026-01-01T00:00:00.000Z' });
const arrivedAt = Date.parse('2026-01-01T00:00:00.007Z');

t.test('what is lost, and what comes twice', async (t) => {
  const tally = new Tally();
  t.notOk(tally.expects('a'));
  tally.expect('a', 0);
  tally.expect('b', 7);
  for (const seq of [1, 2, 5, 5, 4, 6]) tally.add('a', event(seq), arrivedAt);
  tally.add('b', event(8), arrivedAt);
  t.ok(tally.expects('a'));
  t.equal(tally.doubled, 2, 'an event that came before, or after a later one');
  t.equal(tally.lost(new Map([['a', 6], ['b', 8]])), 2, 'those that were left out');
  t.equal(tally.lost(new Map([['a', 8], ['b', 9], ['c', 5]])), 5, 'and those that never came, of the runs that it watches');
  t.ok(tally.hasAll(new Map([['a', 6], ['b', 8]])), 'the latest is there');
  t.notOk(tally.hasAll(new Map([['a', 6], ['b', 9]])), 'or not');
});

t.test('points and delays are of the events that count', async (t) => {
  const tally = new Tally();
  tally.expect('a', 0);
  for (const seq of [1, 1, 2]) tally.add('a', event(seq), arrivedAt);
  tally.add('a', { seq: 3, kind: 'log', at: '2026-01-01T00:00:00.000Z', data: { level: 'info', message: 'x' } }, arrivedAt);
  t.equal(tally.points, 8);
  t.strictSame(tally.delays, [7, 7]);
});

t.test('blocks are the same at every call, and join up', async (t) => {
  const long = block(1, { steps: 4, series: ['loss', 'accuracy'] });
  const parts = [block(1, { steps: 2, series: ['loss', 'accuracy'] }), block(3, { steps: 2, series: ['loss', 'accuracy'] })];
  t.equal(pointsIn(long), 8);
  t.strictSame(long.data.series.accuracy, parts.flatMap(({ data }) => data.series.accuracy));
  t.strictSame(long.data.steps, [1, 2, 3, 4]);
  t.equal(new Set(Object.values(long.data.series).flat()).size, 8, 'and no two numbers are the same');
});

// Curves in memory, and the moments of their steps.
import t from 'tap';
import type { RunState } from '../../../src/dashboard/api/types.js';
import { RunClock } from '../../../src/dashboard/live/run-clock.js';
import { MAX_ENTRIES, Series } from '../../../src/dashboard/live/series.js';

const seriesOf = (values: readonly number[]) => {
  const series = new Series();
  values.forEach((value, at) => series.add(at + 1, value));
  return series;
};

t.test('what another knows beyond the end is appended', async (t) => {
  const series = Series.of({ points: { steps: [1, 2], values: [1, 2] } }, 4);
  const other = new Series();
  for (const [step, value] of [[2, 9], [3, NaN], [4, 4], [5, 5]] as const) other.add(step, value);
  series.append(other);
  t.same([series.lastStep, series.total, series.last, series.most], [5, 5, 5, 4]);
  t.same(Array.from({ length: series.length }, (_, at) => [series.from[at], series.to[at], series.mean[at], series.nan[at]]), [[1, 2, 1.5, 0], [3, 4, 4, 1], [5, 5, 5, 0]], 'in pairs where they are too many');
  series.append(other);
  t.equal(series.total, 5, 'what it has it does not take again');
});

t.test('what was read and what follows live make one curve, each point once', async (t) => {
  const series = Series.of({ points: { steps: [1, 2, 3], values: [0.5, 'NaN', 0.25] } });
  t.equal(series.add(3, 9), false, 'known already');
  t.equal(series.add(4, Infinity), true);
  t.same([series.total, series.last, series.lastStep], [4, Infinity, 4]);
  t.same([...series.nan.subarray(0, 4)], [0, 1, 0, 0], 'NaN is kept');
  t.same([...series.mean.subarray(0, 4)], [0.5, NaN, 0.25, NaN]);
  t.equal(series.max[3], Infinity);
});

t.test('buckets of the service are entries like others', async (t) => {
  const series = Series.of({ buckets: { from: [1, 11], to: [10, 20], count: [10, 10], nan: [0, 10], min: [0, 'NaN'], max: [3, 'NaN'], mean: [1, 'NaN'], last: [2, 'NaN'] } });
  t.same([series.length, series.total, series.lastStep], [2, 20, 20]);
  t.ok(Number.isNaN(series.last));
  t.equal(series.add(21, 1), true);
});

t.test('a curve that has grown long joins its entries, and loses no spike', async (t) => {
  const many = MAX_ENTRIES * 3;
  const series = new Series();
  for (let step = 1; step <= many; step += 1) series.add(step, step === 777 ? 1000 : step === 888 ? NaN : 1);
  t.ok(series.length <= MAX_ENTRIES, `${series.length} entries`);
  t.equal(series.total, many);
  t.equal(Math.max(...series.max.subarray(0, series.length)), 1000, 'the spike');
  t.equal(series.nan.subarray(0, series.length).reduce((sum, one) => sum + one, 0), 1, 'the NaN');
  let points = 0;
  let sum = 0;
  for (let at = 0; at < series.length; at += 1) {
    if (at > 0 && series.from[at] !== series.to[at - 1]! + 1) t.fail(`a gap before ${series.from[at]}`);
    points += series.count[at]!;
    sum += series.mean[at]! * (series.count[at]! - series.nan[at]!);
  }
  t.equal(points, many);
  t.ok(Math.abs(sum - (many - 2 + 1000)) < 1e-6, 'the mean of all is the same');
});

t.test('a run that goes on from a step forgets what followed it', async (t) => {
  const series = seriesOf([3, 2, 1]);
  series.cut(2);
  t.same([series.length, series.total, series.last], [2, 2, 2]);
  t.equal(series.add(3, 5), true);
  series.cut(0);
  t.same([series.length, series.total, series.lastStep], [0, 0, 0]);
});

t.test('a step has its time, between the moments that are known', async (t) => {
  const clock = new RunClock();
  t.equal(clock.secondsAt(5), 0);
  clock.note(0, 1_000_000);
  clock.note(10, 1_010_000);
  clock.note(10, 1_060_000); // it was paused
  clock.note(20, 1_070_000);
  t.equal(clock.secondsAt(5), 5);
  t.equal(clock.secondsAt(10), 10);
  t.equal(clock.secondsAt(15), 65);
  t.equal(clock.secondsAt(40), 70 + 70, 'beyond the last, as fast as on the whole');
  clock.cut(10);
  clock.note(20, 1_100_000);
  t.equal(clock.secondsAt(20), 100, 'an attempt that went on from there is later');
  const later = new RunClock();
  later.note(20, 1_070_000);
  later.prepend(clock);
  t.equal(later.secondsAt(5), 5);
  t.equal(later.isWhole, true);
});

t.test('states say at which step they were entered, also within an epoch', async (t) => {
  const clock = new RunClock();
  const told = (second: number, state: RunState, step?: number) => clock.takeState({ seq: 1, kind: 'state', at: new Date(second * 1000).toISOString(), data: { state, attempt: 1, ...(step === undefined ? {} : { step }) } });
  told(1, 'queued');
  told(5, 'starting');
  told(10, 'running', 0);
  clock.note(10, 20_000);
  told(28, 'pausing', 18);
  told(29, 'paused', 18);
  told(100, 'queued', 18);
  told(110, 'starting', 18);
  told(112, 'running', 18);
  clock.note(20, 114_000);
  t.same([5, 10, 14, 18, 19].map((step) => clock.secondsAt(step)), [5, 10, 14, 18, 103]);
  t.same([15_000, 28_000, 60_000, 113_000].map((ms) => clock.stepAt(ms)), [5, 18, 18, 19]);
  told(120, 'starting', 10);
  t.equal(clock.stepAt(120_000), 10, 'what followed is void');
});

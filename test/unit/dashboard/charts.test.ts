// What a chart draws of a curve: nothing is left out, and nothing is made up.
import t from 'tap';
import { formatPlace, placeOn, tickTexts } from '../../../src/dashboard/charts/axis.js';
import { spanUnder } from '../../../src/dashboard/charts/fingers.js';
import { barWidth, gridPlaces, ownColumns, toGrid } from '../../../src/dashboard/charts/grid.js';
import { readAt, type Line } from '../../../src/dashboard/charts/line.js';
import { createPalette, PALETTE_SIZE } from '../../../src/dashboard/charts/palette.js';
import { rangeOf } from '../../../src/dashboard/charts/scale.js';
import { smooth, smoothed } from '../../../src/dashboard/charts/smoothing.js';
import { nextSpoken, QUIET_MS } from '../../../src/dashboard/charts/spoken.js';
import { plain } from '../../../src/dashboard/lib/format.js';
import { Series } from '../../../src/dashboard/live/series.js';

const seriesOf = (values: readonly number[]) => {
  const series = new Series();
  values.forEach((value, at) => series.add(at + 1, value));
  return series;
};
const same = (at: number) => at;

t.test('what crosses the border of the chart is drawn, and is no value', async (t) => {
  const { mean } = toGrid({ columns: seriesOf([1, 2, 3]), place: (at) => at, from: 1.5, to: 2.5, width: 4 });
  t.same([mean[0], mean[3], mean[5]], [1.5, 2, 2.5]);
  t.same(ownColumns(mean), [3]);
});

t.test('the bar of a column reaches to the next one, and that of the last nowhere', async (t) => {
  const max = [1, 2, undefined, 3, undefined, undefined, undefined, undefined, undefined, 4, null];
  t.same([0, 1, 3, 9].map((column) => barWidth(max, column)), [1, 2, 1, 1]);
});

t.test('each column has the smallest, the greatest and the mean of its points', async (t) => {
  const columns = seriesOf([1, 2, 3, 4, 100, 6, 7, 8]);
  const grid = toGrid({ columns, place: same, from: 0, to: 8, width: 2 });
  t.same(grid.mean.slice(1, 3), [2, (4 + 100 + 6 + 7 + 8) / 5], 'a point on a border belongs to what follows');
  t.same(grid.max.slice(1, 3), [3, 100], 'the spike is there');
  t.same(grid.min.slice(1, 3), [1, 4]);
  t.same([grid.points, grid.entries, grid.bad], [8, 8, []]);
  t.same(gridPlaces({ from: 0, to: 8, width: 2 }), [0, 2, 6, 8]);
});

t.test('what is no number breaks the line, and is marked', async (t) => {
  const grid = toGrid({ columns: seriesOf([1, NaN, 3, Infinity]), place: same, from: 0.5, to: 4.5, width: 4 });
  t.same(grid.mean.slice(1, 5), [1, null, 3, null]);
  t.same(grid.bad, [2, 4]);
  const wide = toGrid({ columns: seriesOf([1, NaN, 3, 5]), place: same, from: 0.5, to: 4.5, width: 1 });
  t.same([wide.mean[1], wide.bad], [3, [1]], 'also beside numbers');
  const sparse = toGrid({ columns: seriesOf([1, 2]), place: (at) => at * 10, from: 0, to: 30, width: 30 });
  t.equal(sparse.mean[15], undefined, 'where nothing was measured the line goes on');
});

t.test('a part shows its own points, and where the line comes from and goes to', async (t) => {
  const grid = toGrid({ columns: seriesOf([0, 10, 20, 30, 40]), place: same, from: 1.5, to: 3.5, width: 2 });
  t.same(grid.mean, [5, 10, 20, 25]);
  t.equal(grid.points, 2);
  const none = toGrid({ columns: seriesOf([0, 10]), place: same, from: 5, to: 6, width: 2 });
  t.same([none.points, none.mean.filter((cell) => cell !== undefined)], [0, []]);
});

t.test('smoothing starts where the line does, passes over NaN and counts buckets as their points', async (t) => {
  t.same([...smooth(seriesOf([5, 5, 5]), 0.9)].map((value) => Number(value.toFixed(9))), [5, 5, 5]);
  const [first, second] = smooth(seriesOf([0, 1]), 0.5);
  t.same([first, Number(second?.toFixed(9))], [0, Number((0.5 / 0.75).toFixed(9))]);
  const gap = smooth(seriesOf([2, NaN, 2]), 0.9);
  t.same([Number.isNaN(gap[1]), Number(gap[2]?.toFixed(9))], [true, 2]);
  t.same([...smooth(seriesOf([1, 9, 4]), 0)], [1, 9, 4], 'none is none');
  const bucket = { length: 2, mean: [0, 1], count: [1, 50], nan: [0, 0] };
  t.ok(smooth(bucket, 0.9)[1]! > 0.98, 'fifty points outweigh one');
});

t.test('the range leaves out the outermost hundredth of batches, unless all are wanted', async (t) => {
  const raw = [toGrid({ columns: seriesOf([50, ...Array.from({ length: 299 }, () => 1)]), place: same, from: 0, to: 301, width: 300 })];
  const input = { whole: [], raw, log: false, limits: [0, Infinity] as const };
  t.ok(rangeOf({ ...input, full: false })[1] < 2);
  t.ok(rangeOf({ ...input, full: true })[1] > 50);
  const whole = [toGrid({ columns: seriesOf([30]), place: same, from: 0, to: 2, width: 10 })];
  t.ok(rangeOf({ ...input, whole, full: false })[1] > 30, 'epochs are always there');
  t.same(rangeOf({ whole: [], raw: [], full: false, log: false, limits: [0, 1] }), [0, 1]);
  const log = rangeOf({ ...input, raw: [toGrid({ columns: seriesOf([-1, 0, 0.01, 10]), place: same, from: 0, to: 5, width: 50 })], full: true, log: true });
  t.ok(log[0] > 0 && log[0] <= 0.01 && log[1] >= 10, 'a logarithm has no place for what is not above 0');
});

t.test('a run keeps its colour, and eight runs have eight', async (t) => {
  const palette = createPalette();
  const ids = Array.from({ length: 20 }, (_, at) => `01a2040e-1d09-7089-b83b-66a217d5ab${at}`);
  const first = ids.map((id) => palette.paintOf(id));
  t.equal(new Set(first.slice(0, PALETTE_SIZE).map(({ color }) => color)).size, PALETTE_SIZE);
  t.equal(new Set(first.map(({ color, dash }) => `${color} ${dash.join()}`)).size, 20, 'beyond that their dashes differ');
  t.same(ids.toReversed().map((id) => palette.paintOf(id)).toReversed(), first);
});

t.test('runs that are compared never look the same, however long the page was open', async (t) => {
  const palette = createPalette();
  const idOf = (at: number) => `01a2040e-1d09-7089-b83b-66a217d5${1000 + at}`;
  const lookOf = (id: string) => `${palette.paintOf(id).color} ${palette.paintOf(id).dash.join()}`;
  for (let at = 0; at < 500; at += 1) palette.paintOf(idOf(at));
  for (const many of [2, 5, 8, 20, 32]) {
    const ids = Array.from({ length: many }, (_, at) => idOf(at * 13));
    palette.keepApart(ids);
    t.equal(new Set(ids.map(lookOf)).size, many, `${many} of five hundred`);
    if (many <= PALETTE_SIZE) t.ok(ids.every((id) => palette.paintOf(id).dash.length === 0), 'by their colours alone, where these do');
    const looks = ids.map(lookOf);
    palette.keepApart(ids);
    palette.keepApart(ids.slice(0, -1));
    t.same(ids.map(lookOf).slice(0, PALETTE_SIZE), looks.slice(0, PALETTE_SIZE), 'which they keep');
  }
  palette.keepApart(Array.from({ length: 100 }, (_, at) => idOf(at)));
  const counts = new Map<string, number>();
  for (let at = 0; at < 100; at += 1) counts.set(lookOf(idOf(at)), (counts.get(lookOf(idOf(at))) ?? 0) + 1);
  t.ok(Math.max(...counts.values()) <= 4, 'a hundred are spread over all looks');
});

t.test('a line reads its values at a place', async (t) => {
  const line: Line = { key: 'x', label: 'x', series: seriesOf([3, NaN, 1]), place: (epoch) => epoch * 10, color: '', kind: 'whole', reach: 10 };
  t.equal(readAt(line, null, plain), '1', 'the latest');
  t.equal(readAt(line, 12, plain), '3');
  t.equal(readAt(line, 19, plain), 'NaN');
  t.equal(readAt(line, 90, plain), '–', 'out of reach');
  const { reach: _, ...free } = line;
  t.same([3, 6, 14, 34, 36].map((at) => readAt(free, at, plain)), ['–', '3', '3', '1', '–'], 'a line says nothing before its first step and after its last');
  t.equal(readAt({ ...line, series: new Series() }, null, plain), '–');
  const series = Series.of({ buckets: { from: [1], to: [9], count: [9], nan: [1], min: [1], max: [4], mean: [2], last: [4] } });
  t.equal(readAt({ ...line, series }, 50, plain), '1 to 4, NaN');
});

t.test('steps, epochs and seconds are places on one axis', async (t) => {
  const scale = { stepsPerEpoch: 100, secondsAt: (step: number) => step / 10 };
  t.same((['step', 'epoch', 'time'] as const).map((axis) => placeOn(axis, 'batch', scale)(50)), [50, 0.5, 5]);
  t.equal(placeOn('step', 'train', scale)(2), 150, 'the mean of an epoch is in its middle');
  t.equal(placeOn('step', 'validation', scale)(2), 200, 'validation is at its end');
  t.same([formatPlace('step', 1234.4), formatPlace('epoch', 1.5), formatPlace('time', 75)], ['1,234', '1.5', '1 min 15 s']);
  t.same(tickTexts('time', [0, 5, 60, 90, 7200]), ['0 s', '5 s', '1 min', '1 min 30 s', '2 h'], 'marks say no more than they must');
  t.same(tickTexts('time', [100, 100.2, 101]), ['1 min 40 s', '', '1 min 41 s'], 'and nothing twice');
  t.same(tickTexts('step', [0, 1000]), ['0', '1,000']);
});

t.test('a curve is smoothed once for each of its versions and weights', async (t) => {
  const series = seriesOf([1, 2, 3]);
  const first = smoothed(series, 0.9);
  t.equal(smoothed(series, 0.9), first, 'another drawing costs nothing');
  t.not(smoothed(series, 0.5), first);
  series.add(4, 4);
  t.equal(smoothed(series, 0.5).length, 4, 'it has grown');
});

t.test('what a chart says is told at once to who asks, and else not with every batch', async (t) => {
  const before = { text: 'latest: loss 1', atMs: 1000 };
  t.equal(nextSpoken(before, { text: 'latest: loss 0.9', atMs: 1016, isAsked: false }), before);
  t.same(nextSpoken(before, { text: 'step 4: loss 2', atMs: 1016, isAsked: true }), { text: 'step 4: loss 2', atMs: 1016 });
  t.same(nextSpoken(before, { text: 'latest: loss 0.5', atMs: 1000 + QUIET_MS, isAsked: false }), { text: 'latest: loss 0.5', atMs: 1000 + QUIET_MS });
});

t.test('two fingers keep what lies under them', async (t) => {
  const on = { width: 400, domain: [0, 1000] as const };
  t.same(spanUnder([{ x: 100, place: 250 }, { x: 300, place: 750 }], on), [0, 1000], 'as they were set down');
  t.same(spanUnder([{ x: 0, place: 250 }, { x: 400, place: 750 }], on), [250, 750], 'apart: it is stretched');
  t.same(spanUnder([{ x: 400, place: 750 }, { x: 0, place: 250 }], on), [250, 750], 'whichever came first');
  t.same(spanUnder([{ x: 150, place: 250 }, { x: 250, place: 750 }], on), [0, 1000], 'together: never more than all');
  t.same(spanUnder([{ x: 200, place: 100 }, { x: 400, place: 200 }], on), [0, 200], 'never beyond either end');
  t.same(spanUnder([{ x: 200, place: 5 }, { x: 200, place: 5 }], on), [0, 1000], 'on one place there is nothing to stretch');
});

// Long lists: which rows there are, which of them are wanted, and in what order.
import t from 'tap';
import type { Run, RunState } from '../../../src/dashboard/api/types.js';
import { bestOf, headlineOf, lastedMsOf, leftMsOf, metricOf, progressLineOf } from '../../../src/dashboard/lib/run-words.js';
import { filterRuns, sortRuns } from '../../../src/dashboard/pages/runs/select-runs.js';
import { scrollToSee } from '../../../src/dashboard/ui/in-sight.js';
import { scrollTo, windowOf } from '../../../src/dashboard/ui/window.js';

const run = (more: object): Run => ({ id: 'r', name: 'a', recipe: null, state: 'running', tags: [], user: 'ada', metrics: {}, createdAt: '2026-01-01T00:00:00Z', startedAt: null, endedAt: null, transitions: [], spec: { dataset: { name: 'mnist', validation: 'test' }, fit: { batchSize: 10 } }, progress: { epoch: 1, epochs: 2, step: 5, totalSteps: 10, examplesPerSecond: 25 }, ...more }) as unknown as Run;

t.test('only rows near the window exist, however many there are', async (t) => {
  for (const top of [0, 37, 4800, 479_000, 1e9]) {
    const [first, last] = windowOf({ top, height: 600, rowHeight: 48, count: 10_000 });
    t.ok(first >= 0 && last <= 10_000 && last - first < 50, `${first} to ${last}`);
    if (top < 480_000) t.ok(first * 48 <= top && last * 48 >= Math.min(top + 600, 480_000), 'the window is filled');
  }
  t.same(windowOf({ top: 0, height: 600, rowHeight: 48, count: 3 }), [0, 3]);
  const view = { top: 480, height: 600, rowHeight: 48, head: 40 };
  t.same([scrollTo(5, view), scrollTo(12, view), scrollTo(30, view)], [240, 480, 31 * 48 - 560]);
});

t.test('runs are found by what they are called, and by their state', async (t) => {
  const runs = [run({ id: '1', name: 'Wide net', tags: ['grid'] }), run({ id: '2', name: 'deep net', state: 'failed', recipe: 'mnist-cnn' })];
  const found = (query: string, state: Parameters<typeof filterRuns>[1]['state'] = 'all') => filterRuns(runs, { query, state }).map(({ id }) => id).join('');
  t.same([found(''), found('NET grid'), found('cnn'), found('ada'), found('nothing'), found('', 'ended'), found('net', 'active')], ['12', '1', '2', '12', '', '2', '1']);
});

t.test('runs are ordered, and those without a value come last either way', async (t) => {
  const runs = [run({ id: '1', metrics: { val_accuracy: 0.5 } }), run({ id: '2' }), run({ id: '3', metrics: { val_accuracy: 0.9 } }), run({ id: '4', metrics: { val_accuracy: 'NaN' } })];
  const ordered = (descending: boolean) => sortRuns(runs, { by: 'best', descending }).map(({ id }) => id).join('');
  t.same([ordered(true), ordered(false)], ['3124', '1324']);
  t.equal(sortRuns(runs, { by: 'unknown', descending: true }), runs);
});

t.test('a run is summed up in a number and a line', async (t) => {
  t.match(headlineOf(run({ metrics: { loss: 1, val_loss: 0.5, accuracy: 0.9, val_accuracy: 0.8 } })), { name: 'val_accuracy', text: '80.00 %', label: 'test accuracy' });
  t.match(headlineOf(run({ metrics: { loss: 'NaN' } })), { name: 'loss', text: 'NaN' });
  t.equal(headlineOf(run({})), null);
  t.match(bestOf(run({ metrics: { val_accuracy: 0.7 }, bestMetrics: { val_accuracy: 0.8 } })), { text: '80.00 %' });
  t.match(bestOf(run({ metrics: { val_accuracy: 0.7 } })), { text: '70.00 %' }, 'where no epoch is known as the best');
  t.equal(metricOf(['loss', 'learning_rate', 'meanAbsoluteError']), 'meanAbsoluteError');
  const began = [{ state: 'running', at: '2026-01-01T00:00:00Z' }] as Run['transitions'];
  const after = (seconds: number) => Date.parse('2026-01-01T00:00:00Z') + seconds * 1000;
  const young = run({ transitions: began });
  t.equal(leftMsOf(young, after(1)), 2000, '5 steps of 10 examples, 25 in a second');
  t.equal(progressLineOf(young, after(1)), 'epoch 1 of 2, 2.0 s left');
  t.equal(leftMsOf(young, after(20)), 20_000, 'later the mean counts: 5 steps took 20 seconds');
  t.equal(leftMsOf(run({ state: 'paused', transitions: began }), after(1)), null);
});

t.test('the time of a run is that of its work, however often it was taken up', async (t) => {
  const minute = (at: number) => new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString();
  const told = (...states: [RunState, number][]) => ({ transitions: states.map(([state, at]) => ({ state, at: minute(at), attempt: 1, reason: null, message: null })) });
  const lasted = (of: Pick<Run, 'transitions'>) => (lastedMsOf(of, Date.parse(minute(300))) ?? NaN) / 60_000;
  const first: [RunState, number][] = [['queued', 0], ['starting', 10], ['running', 11], ['pausing', 12], ['paused', 13]];
  t.equal(lasted(told(...first)), 3, 'paused for hours');
  t.equal(lasted(told(...first, ['queued', 100], ['starting', 200], ['running', 201], ['succeeded', 205])), 8, 'resumed');
  t.equal(lasted(told(...first, ['queued', 100], ['starting', 298], ['running', 299])), 5, 'at work again');
  t.equal(lastedMsOf(told(['queued', 0]), Date.now()), null);
});

t.test('a row is scrolled no further than it takes to see what is chosen in it', async (t) => {
  const row = { scrolled: 100, width: 300 };
  t.same([{ left: 150, width: 80 }, { left: 500, width: 80 }, { left: 90, width: 80 }, { left: 10, width: 80 }, { left: 600, width: 400 }].map((entry) => scrollToSee(entry, row)), [100, 312, 58, 0, 568]);
});

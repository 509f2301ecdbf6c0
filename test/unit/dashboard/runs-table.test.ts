// The table of runs: narrowing, columns of choice, marking, what is done to many, and little curves.
import t from 'tap';
import type { Run } from '../../../src/dashboard/api/types.js';
import { speedOf, startOf } from '../../../src/dashboard/lib/run-words.js';
import { severalAtATime } from '../../../src/dashboard/lib/several-at-a-time.js';
import { allows } from '../../../src/dashboard/lib/steering.js';
import { Series } from '../../../src/dashboard/live/series.js';
import { openTo, outcome, retagged, tagCounts, tagsIn } from '../../../src/dashboard/pages/runs/bulk.js';
import { allOrNone, extended, toggled } from '../../../src/dashboard/pages/runs/selection.js';
import { chosenOf, COLUMNS, facetsOf, filterRuns, ORDER, sortRuns } from '../../../src/dashboard/pages/runs/select-runs.js';
import { sparkOf } from '../../../src/dashboard/pages/runs/spark-path.js';
import { SparkQueue, STAY_MS } from '../../../src/dashboard/pages/runs/spark-queue.js';

const run = (id: string, more: object = {}): Run => ({ id, name: id, recipe: null, state: 'running', team: 'a', tags: [], user: 'ada', metrics: {}, createdAt: '2026-01-01T00:00:00Z', startedAt: null, endedAt: null, transitions: [], spec: { dataset: { name: 'mnist' }, fit: { batchSize: 10 } }, progress: { epoch: 1, epochs: 2, step: 5, totalSteps: 10, examplesPerSecond: 25 }, ...more }) as unknown as Run;

t.test('runs are narrowed by what they have', async (t) => {
  const runs = [run('1', { tags: ['x', 'y'], recipe: 'cnn' }), run('2', { user: null, tags: ['y'] }), run('3', { spec: { dataset: { name: 'own' }, fit: {} } })];
  t.same(facetsOf(runs), { recipe: ['cnn'], dataset: ['mnist', 'own'], tag: ['x', 'y'], user: ['ada'] });
  const found = (facets: object) => filterRuns(runs, { query: '', state: 'all', ...facets }).map(({ id }) => id).join('');
  t.same([found({ tag: 'y' }), found({ tag: 'y', recipe: 'cnn' }), found({ dataset: 'own' }), found({ user: 'bob' }), found({ tag: '' })], ['12', '1', '3', '', '123']);
});

t.test('columns of choice are read from spec and metrics, and order the table', async (t) => {
  const runs = [run('1', { metrics: { loss: 2 } }), run('2', { metrics: { loss: 'NaN' } }), run('3', { metrics: { loss: 1 }, spec: { fit: { batchSize: 5, shuffle: true } } })];
  t.same(runs.map((one) => chosenOf(one, 'spec.fit.batchSize')), [10, 10, 5]);
  t.same([chosenOf(runs[2]!, 'spec.fit.shuffle'), chosenOf(runs[0]!, 'metrics.none')], [true, null]);
  t.same(COLUMNS.read('spec.fit.batchSize,nonsense,metrics.loss,metrics.loss'), ['spec.fit.batchSize', 'metrics.loss']);
  t.equal(COLUMNS.write(['spec.fit.batchSize', 'metrics.loss']), 'spec.fit.batchSize,metrics.loss');
  t.same([ORDER.read('-metrics.loss'), ORDER.read('nonsense'), ORDER.write({ by: 'started', descending: true }), ORDER.write({ by: 'spec.fit.batchSize', descending: false })], [{ by: 'metrics.loss', descending: true }, { by: 'started', descending: true }, null, 'spec.fit.batchSize']);
  const ordered = (by: string, descending = false) => sortRuns(runs, { by, descending }).map(({ id }) => id).join('');
  t.same([ordered('metrics.loss'), ordered('metrics.loss', true), ordered('spec.fit.batchSize'), ordered('spec.fit.shuffle')], ['312', '132', '312', '312'], 'what has no number comes last');
});

t.test('rows are marked one by one, from one to another, and all at once', async (t) => {
  const shown = ['a', 'b', 'c', 'd'];
  t.same([...toggled(new Set(['a']), 'a')], []);
  t.same([...extended(new Set(), shown, { from: 'c', to: 'a' })].sort(), ['a', 'b', 'c']);
  t.same([...extended(new Set(['d']), shown, { from: null, to: 'b' })].sort(), ['b', 'd']);
  t.same([...extended(new Set(), shown, { from: 'gone', to: 'b' })], ['b']);
  t.equal(allOrNone(new Set(['a']), shown).size, 4);
  t.same([...allOrNone(new Set([...shown, 'hidden']), shown)], ['hidden'], 'those that are not shown stay marked');
});

t.test('what is done to many is done to those that allow it', async (t) => {
  const runs = [run('1'), run('2', { state: 'succeeded' }), run('3', { state: 'paused' }), run('4', { state: 'running', team: 'other' })];
  const open = openTo(runs, ({ team }) => team === 'a');
  t.same(Object.fromEntries(Object.entries(open).map(([steer, some]) => [steer, some.map(({ id }) => id).join('')])), { pause: '1', resume: '3', cancel: '13', delete: '2' });
  t.equal(allows('delete', { state: 'lost' }), false);
  t.same([retagged(['a', 'b'], { add: ['c', 'a'], remove: ['b'] }), retagged(['a'], { add: ['a'], remove: ['z'] })], [['a', 'c'], null]);
  t.same(tagsIn(' a, b,,a '), ['a', 'b']);
  t.same(tagCounts([run('1', { tags: ['x'] }), run('2', { tags: ['y', 'x'] })]), [['x', 2], ['y', 1]]);
  t.same([outcome(3, 0, 'deleted'), outcome(1, 2, 'deleted')], ['3 runs deleted.', '1 run deleted, 2 were not.']);
});

t.test('many requests go a few at a time, and one that fails stops no other', async (t) => {
  let now = 0;
  let most = 0;
  const results = await severalAtATime([1, 2, 3, 4, 5], async (one) => {
    most = Math.max(most, (now += 1));
    await Promise.resolve();
    now -= 1;
    if (one === 2) throw new Error('no');
    return one * 10;
  }, { most: 2 });
  t.equal(most, 2);
  t.same(results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed')), [10, 'failed', 30, 40, 50]);
  const aborted = await severalAtATime([1, 2], async (one) => one, { signal: AbortSignal.abort() });
  t.ok(aborted.every(({ status }) => status === 'rejected'));
});

t.test('a little curve fills its box, without the fall of its start', async (t) => {
  const spark = sparkOf(Series.of({ points: { steps: Array.from({ length: 20 }, (_, at) => at), values: Array.from({ length: 20 }, (_, at) => (at === 0 ? 1000 : 20 - at)) } }), { width: 95, height: 20 });
  t.match(spark.line, /^M0 0L5 0L10 0L15 1\.2L.*L95 20$/, spark.line);
  t.same([spark.band, spark.bad], ['', []]);
  const broken = sparkOf(Series.of({ points: { steps: [0, 1, 2, 3], values: [1, 'NaN', 2, 3] } }), { width: 30, height: 10 });
  t.match(broken.line, /^M0 10M20 5L30 0$/);
  t.same(broken.bad, [10]);
  t.match(sparkOf(Series.of({ buckets: { from: [1, 3], to: [2, 4], count: [2, 2], nan: [0, 0], min: [1, 1], max: [4, 2], mean: [2, 1.5], last: [1, 2] } }), { width: 10, height: 10 }).band, /^M.*Z$/);
  t.same(sparkOf(new Series(), { width: 10, height: 10 }), { line: '', band: '', bad: [] });
  t.match(sparkOf(Series.of({ points: { steps: [4], values: [1] } }), { width: 10, height: 10 }).line, /^M5 5h0$/);
});

t.test('little curves are fetched for rows that stay, each once, and again when their run has gone on', async (t) => {
  let now = 0;
  const timers: { at: number; act: () => void }[] = [];
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const queue = new SparkQueue<string>({ now: () => now, later: (act, ms) => void timers.push({ at: now + ms, act }), read: (id) => { asked.push(id); return new Promise((resolve) => answers.push(() => resolve(`${id} ${asked.length}`))); } });
  const settled = async () => { for (let turn = 0; turn < 6; turn += 1) await Promise.resolve(); };
  const tick = async (ms = STAY_MS) => {
    await settled();
    now += ms;
    for (const { act } of timers.splice(0).filter((timer) => timer.at <= now || void timers.push(timer))) act();
    await settled();
  };
  for (const id of ['a', 'b', 'c', 'd', 'e']) queue.want(id, 1, () => undefined);
  queue.leave('a');
  t.same(asked, [], 'nothing at once');
  await tick();
  t.same(asked, ['e', 'd', 'c'], 'the latest first, three at a time');
  answers.forEach((answer) => answer());
  await tick();
  t.same(asked, ['e', 'd', 'c', 'b'], 'who has scrolled past is not asked for');
  t.equal(queue.peek('e'), 'e 3');
  answers.forEach((answer) => answer());
  await tick();
  queue.want('e', 2, () => undefined);
  await tick();
  t.equal(asked.length, 4, 'not so soon again');
  await tick(5000);
  t.equal(asked.at(-1), 'e', 'but in a while');
});

t.test('a run began with its first attempt, and has a speed while it is at work or has ended', async (t) => {
  const transitions = [['queued', 1], ['starting', 2], ['running', 3], ['paused', 4], ['queued', 5], ['starting', 6]].map(([state, minute]) => ({ state, at: `2026-01-01T00:0${minute}:00Z` }));
  t.equal(startOf(run('a', { transitions })), '2026-01-01T00:02:00Z');
  t.equal(startOf(run('a', { transitions: transitions.slice(0, 1) })), null);
  t.same(['queued', 'running', 'pausing', 'paused', 'lost', 'succeeded'].map((state) => speedOf(run('a', { state }))), [null, 25, 25, null, null, 25]);
  const sorted = sortRuns([run('late', { transitions: transitions.slice(4) }), run('early', { transitions })], { by: 'started', descending: false });
  t.same(sorted.map(({ id }) => id), ['early', 'late']);
});

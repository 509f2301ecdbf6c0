// A run as the page knows it, event by event; and the list of runs, page by page.
import t from 'tap';
import type { Run, RunEvent } from '../../../src/dashboard/api/types.js';
import { mergeRuns } from '../../../src/dashboard/live/merge-runs.js';
import { RunRecord } from '../../../src/dashboard/live/run-record.js';
import { Series } from '../../../src/dashboard/live/series.js';

const at = '2026-01-01T12:00:00Z';
const run = (more: Partial<Run> = {}) => ({ id: 'r', state: 'running', reason: null, message: null, attempt: 1, head: 10, metrics: {}, startedAt: at, endedAt: null, progress: { epoch: 1, epochs: 2, step: 3, totalSteps: 20, examplesPerSecond: 5 }, ...more }) as unknown as Run;
let seq = 10;
const event = (kind: string, data: object) => ({ seq: (seq += 1), kind, at, data }) as unknown as RunEvent;
const steps = (numbers: readonly number[], attempt = 1) => event('metrics', { attempt, epoch: 1, steps: numbers, series: { loss: numbers.map((one) => one / 10), accuracy: numbers.map(() => 'NaN') }, examplesPerSecond: 7 });

t.test('steps, epochs and states come to what the service would answer', async (t) => {
  const read = new Map([['batch/loss', Series.of({ points: { steps: [1, 2, 3], values: [3, 2, 1] } })]]);
  const record = new RunRecord(run(), read);
  record.take(steps([2, 3, 4, 5]));
  t.same([record.curve('batch/loss').total, record.curve('batch/loss').last], [5, 0.5], 'what was read already counts once');
  t.equal(record.curve('batch/accuracy').nan[0], 1);
  t.match(record.run.progress, { step: 5, examplesPerSecond: 7 });
  record.take(event('epoch', { attempt: 1, epoch: 1, step: 10, metrics: { loss: 0.4, val_loss: 0.5 }, examplesPerSecond: 8, durationMs: 5, best: true }));
  t.match(record.run, { metrics: { val_loss: 0.5 }, progress: { epoch: 1, step: 10 } });
  t.equal(record.curve('epoch/val_loss').total, 1);
  t.equal(record.take(event('state', { state: 'succeeded', attempt: 1 })).refresh, true, 'its row is read again');
  t.match(record.run, { state: 'succeeded', endedAt: at });
  record.take(event('log', { level: 'info', message: 'x' }));
  t.same(record.notices.map(({ kind }) => kind), ['state', 'log']);
  t.equal(record.stepsPerEpoch, 10);
});

t.test('an attempt that goes on cuts what is void, and an old one says nothing more', async (t) => {
  const record = new RunRecord(run(), new Map());
  record.take(steps([1, 2, 3, 4, 5, 6]));
  record.take(event('state', { state: 'starting', attempt: 2, step: 4, epoch: 0 }));
  t.equal(record.curve('batch/loss').total, 4);
  t.match(record.run, { attempt: 2, progress: { step: 4, examplesPerSecond: null } });
  record.take(steps([5, 6], 1));
  t.equal(record.curve('batch/loss').total, 4, 'of the old attempt');
  record.take(steps([5, 6], 2));
  t.equal(record.curve('batch/loss').total, 6);
  record.take(event('state', { state: 'starting', attempt: 3 }));
  t.equal(record.curve('batch/loss').total, 0, 'from the start');
});

t.test('metrics stand until the epoch that they are of is void; then the row tells those of the one before', async (t) => {
  const record = new RunRecord(run(), new Map());
  const epoch = (number: number, loss: number) => record.take(event('epoch', { attempt: 1, epoch: number, step: 10 * number, metrics: { loss }, examplesPerSecond: 8, durationMs: 5, best: true }));
  epoch(1, 0.4);
  record.take(steps([11, 12, 13, 14]));
  record.take(event('state', { state: 'starting', attempt: 2, step: 14, epoch: 1 }));
  t.same(record.run.metrics, { loss: 0.4 });
  record.take(event('state', { state: 'starting', attempt: 3, step: 5, epoch: 0 }));
  t.same(record.run.metrics, {});
  record.refresh(run({ metrics: { loss: 0.9 } }));
  t.same(record.run.metrics, { loss: 0.9 });
  record.refresh(run({ metrics: { loss: 0.8 } }));
  t.same(record.run.metrics, { loss: 0.9 }, 'which events tell from then on');
});

t.test('time begins with the first running state, as it does for who comes later', async (t) => {
  const record = new RunRecord(run({ state: 'queued', attempt: 0, progress: { epoch: 0, epochs: 2, step: 0, totalSteps: 20, examplesPerSecond: null } }), new Map());
  const told = (second: number, kind: string, data: object) => record.take({ ...event(kind, data), at: `2026-01-01T12:00:${String(second).padStart(2, '0')}Z` } as RunEvent);
  told(1, 'state', { state: 'queued', attempt: 0 });
  told(20, 'state', { state: 'starting', attempt: 1 });
  t.equal(record.clock.startMs, null, 'it has waited, and started');
  told(25, 'state', { state: 'running', attempt: 1 });
  told(27, 'epoch', { attempt: 1, epoch: 1, step: 10, metrics: {} });
  told(29, 'state', { state: 'paused', attempt: 1 });
  t.same([record.clock.startMs, record.clock.secondsAt(10)], [Date.parse('2026-01-01T12:00:25Z'), 2]);
});

t.test('a row that was read anew takes nothing back that events told', async (t) => {
  const record = new RunRecord(run(), new Map());
  record.take(steps([4, 5]));
  record.refresh(run({ device: 'gpu:0', state: 'starting', progress: { epoch: 0, epochs: 9, step: 0, totalSteps: 90, examplesPerSecond: null } } as Partial<Run>));
  t.match(record.run, { device: 'gpu:0', state: 'running', progress: { epochs: 9, totalSteps: 90, step: 5 } });
});

t.test('a page of the newest runs brings the list up to date', async (t) => {
  const rows = (...ids: string[]) => ids.map((id) => ({ id, head: 1 }));
  const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id).join('');
  const known = rows('e', 'd', 'c', 'b', 'a');
  t.equal(ids(mergeRuns(known, { items: rows('f', 'e', 'c'), span: { from: 'c' } })), 'fecba', 'd was deleted; of b and a the page says nothing');
  t.equal(ids(mergeRuns(known, { items: rows('e'), span: {} })), 'e');
  t.equal(ids(mergeRuns(known, { items: [], span: {} })), '');
  t.equal(ids(mergeRuns(known, { items: rows('9') })), 'edcba9', 'an older page is added');
  t.equal(ids(mergeRuns(known, { items: rows('b'), span: { below: 'c' } })), 'edcb', 'which may have had more');
  t.equal(mergeRuns(known, { items: rows('d', 'b') }), known, 'nothing new is the same list');
  const changed = mergeRuns(known, { items: [{ id: 'd', head: 2 }, { id: 'c', head: 1 }] });
  t.same([changed[1]?.head, changed[2] === known[2]], [2, true], 'and a run of which nothing is new the same run');
  t.equal(ids(mergeRuns(known, { items: rows('d', 'z'), span: {}, except: (id) => 'ez'.includes(id) })), 'ed', 'what was changed here meanwhile is left as it is');
  t.equal(mergeRuns([{ id: 'a', head: 7 }], { items: [{ id: 'a', head: 6 }], span: {} })[0]?.head, 7, 'an answer that was late is not believed');
});

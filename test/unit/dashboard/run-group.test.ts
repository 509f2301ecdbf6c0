// Many runs followed together: what is read once, what events tell since, and what fails in between.
import t from 'tap';
import { ApiError, unreachable } from '../../../src/dashboard/api/error.js';
import type { Run, RunEvent, RunState } from '../../../src/dashboard/api/types.js';
import type { RunWatcher } from '../../../src/dashboard/live/connection.js';
import { RunGroup } from '../../../src/dashboard/live/run-group.js';
import { Series } from '../../../src/dashboard/live/series.js';
import { until } from '../../helpers/poll.js';

const runOf = (id: string, { state = 'running', head = 10, attempt = 1, step = 3 }: { state?: RunState; head?: number; attempt?: number; step?: number } = {}) =>
  ({ id, state, head, attempt, metrics: {}, progress: { epoch: 1, step, epochs: 2, totalSteps: 20, examplesPerSecond: null }, startedAt: null, endedAt: null }) as unknown as Run;
const steps = (seq: number, points: Record<number, number>, attempt = 1): RunEvent =>
  ({ seq, at: '2026-01-01T00:00:00Z', kind: 'metrics', data: { attempt, epoch: 1, steps: Object.keys(points).map(Number), series: { loss: Object.values(points), accuracy: Object.values(points) }, examplesPerSecond: 1 } }) as unknown as RunEvent;
const change = (seq: number, state: RunState, more: object = {}): RunEvent => ({ seq, at: '2026-01-01T00:00:01Z', kind: 'state', data: { state, ...more } }) as unknown as RunEvent;
const seriesOf = (points: Record<number, number>) => Series.of({ points: { steps: Object.keys(points).map(Number), values: Object.values(points) } });
const pointsOf = (series: Series | undefined) => (series === undefined ? undefined : Object.fromEntries(Array.from({ length: series.length }, (_, at) => [series.to[at], series.mean[at]])));

class FakeService {
  rows = new Map<string, Run>();
  curves = new Map<string, Record<number, number>>();
  watched = new Map<string, { after: number; watcher: RunWatcher }>();
  asked: string[] = [];
  failing: unknown;
  /** What happens between a question for curves and its answer. */
  meanwhile = () => {};

  readonly group = new RunGroup({
    readRuns: async (ids) => {
      this.asked.push(`rows ${ids.join()}`);
      if (this.failing !== undefined) throw this.failing;
      return ids.flatMap((id) => this.rows.get(id) ?? []);
    },
    readCurves: async (ids, { key }) => {
      this.asked.push(`${key} ${ids.join()}`);
      const read = new Map(ids.map((id) => [id, seriesOf(this.curves.get(`${id} ${key}`) ?? {})]));
      await Promise.resolve();
      this.meanwhile();
      return read;
    },
    watch: (id, after, watcher) => void this.watched.set(id, { after, watcher }),
    unwatch: (id) => void this.watched.delete(id),
  }, { onRuns: () => {}, onCurves: () => {} }, { againMs: 20, refreshMs: 5 });

  tell(id: string, ...events: RunEvent[]) {
    for (const event of events) this.watched.get(id)?.watcher.onEvent(event);
  }
}

t.test('rows and curves are read for all at once, and those under way are followed', async (t) => {
  const service = new FakeService();
  const { group } = service;
  service.rows = new Map([['a', runOf('a', { head: 7 })], ['b', runOf('b', { state: 'succeeded', step: 1 })]]);
  service.curves = new Map<string, Record<number, number>>([['a batch/loss', { 1: 3, 2: 2 }], ['b batch/loss', { 1: 9 }]]);
  group.want('batch/loss');
  group.follow(['b', 'gone', 'a']);
  await until(() => group.curve('a') !== undefined, { what: 'the curves' });
  t.same(service.asked, ['batch/loss b,gone,a', 'rows b,gone,a', 'batch/loss a'], 'beside each other; of one at work again, which may have told more in between');
  t.same([group.runs().map(({ id }) => id), group.missing(), [...service.watched.keys()], service.watched.get('a')?.after], [['b', 'a'], ['gone'], ['a'], 7]);
  service.tell('a', steps(8, { 2: 2, 3: 1 }));
  t.same([pointsOf(group.curve('a')), pointsOf(group.curve('b'))], [{ 1: 3, 2: 2, 3: 1 }, { 1: 9 }]);
  group.follow(['b']);
  t.same([[...service.watched.keys()], group.curve('a'), group.runs().length], [[], undefined, 1], 'one that is taken out is let go');
});

t.test('what is told while a curve is read goes on from its end', async (t) => {
  const service = new FakeService();
  const { group } = service;
  service.rows.set('a', runOf('a'));
  service.curves.set('a batch/loss', { 1: 3, 2: 2 });
  service.meanwhile = () => service.tell('a', steps(11, { 2: 2, 3: 1 }), steps(12, { 4: 0 }));
  group.want('batch/loss');
  group.follow(['a']);
  await until(() => group.curve('a') !== undefined, { what: 'the curve' });
  t.same(pointsOf(group.curve('a')), { 1: 3, 2: 2, 3: 1, 4: 0 });
  service.meanwhile = () => {};
  service.curves.set('a batch/accuracy', { 1: 0.5, 2: 0.5, 3: 0.5, 4: 0.5 });
  group.want('batch/accuracy');
  t.equal(group.curve('a'), undefined, 'another curve has to be read');
  await until(() => group.curve('a') !== undefined, { what: 'the other curve' });
  service.tell('a', steps(13, { 5: 0.75 }));
  t.same(pointsOf(group.curve('a')), { 1: 0.5, 2: 0.5, 3: 0.5, 4: 0.5, 5: 0.75 });
});

t.test('a run that ends between its curve and its row has its curve read again', async (t) => {
  const service = new FakeService();
  const { group } = service;
  service.rows.set('a', runOf('a', { state: 'succeeded', step: 2 }));
  service.curves.set('a batch/loss', { 1: 3 });
  service.meanwhile = () => void service.curves.set('a batch/loss', { 1: 3, 2: 2 });
  group.want('batch/loss');
  group.follow(['a']);
  await until(() => group.curve('a') !== undefined, { what: 'the curve' });
  t.same(pointsOf(group.curve('a')), { 1: 3, 2: 2 });
});

t.test('a curve of an attempt that has ended meanwhile is read again', async (t) => {
  const service = new FakeService();
  const { group } = service;
  service.rows.set('a', runOf('a'));
  service.curves.set('a batch/loss', { 1: 3, 2: 2, 3: 66 });
  service.meanwhile = () => {
    if (!service.watched.has('a')) return;
    service.meanwhile = () => {};
    service.curves.set('a batch/loss', { 1: 3, 2: 2 });
    service.tell('a', change(11, 'starting', { attempt: 2, step: 2, epoch: 0 }));
  };
  group.want('batch/loss');
  group.follow(['a']);
  await until(() => group.curve('a') !== undefined, { what: 'the curve' });
  service.tell('a', steps(12, { 3: 1 }, 2));
  t.same(pointsOf(group.curve('a')), { 1: 3, 2: 2, 3: 1 });
  group.close();
});

t.test('a row is read again when more is known of it than events tell', async (t) => {
  const service = new FakeService();
  const { group } = service;
  service.rows.set('a', runOf('a'));
  group.want('batch/loss');
  group.follow(['a']);
  await until(() => group.curve('a') !== undefined, { what: 'the curve' });
  service.rows.set('a', { ...runOf('a', { state: 'succeeded' }), metrics: { val_loss: 0.25 } } as unknown as Run);
  service.tell('a', change(11, 'succeeded'));
  t.equal(group.runs()[0]?.state, 'succeeded', 'at once');
  await until(() => group.runs()[0]?.metrics.val_loss === 0.25, { what: 'its last metrics' });
  service.watched.get('a')?.watcher.onGone();
  t.same([group.runs(), group.missing()], [[], ['a']], 'one that is deleted is missing');
});

t.test('what cannot be read is told, and tried again', async (t) => {
  const service = new FakeService();
  const { group } = service;
  service.rows.set('a', runOf('a'));
  service.failing = new ApiError({ code: 'forbidden', status: 403, message: 'No.' });
  group.want('batch/loss');
  group.follow(['a']);
  await until(() => group.failure !== undefined, { what: 'the failure' });
  service.failing = unreachable();
  group.retry();
  await until(() => (group.failure as ApiError).code === 'unreachable', { what: 'the other failure' });
  service.failing = undefined;
  await until(() => group.curve('a') !== undefined, { what: 'a second time by itself' });
  t.equal(group.failure, undefined);
  service.watched.get('a')?.watcher.onStale();
  await until(() => group.curve('a') !== undefined && service.asked.filter((one) => one === 'rows a').length === 4, { what: 'a log that is another to be read afresh' });
  group.close();
  t.equal(service.watched.size, 0);
});

// The overview's queue where more wait than one page of the list has.
import t from 'tap';
import type { Run } from '../../../src/dashboard/api/types.js';
import { QueuedRuns } from '../../../src/dashboard/pages/overview/queued-runs.js';

t.test('every entry of the queue has its run, by as few questions as do', async (t) => {
  const priorities = new Map<string, number>();
  const asked: string[] = [];
  const runOf = (id: string): Run => ({ id, priority: priorities.get(id) ?? 0 }) as unknown as Run;
  const source = {
    list: async () => ['a', 'b', 'c'].map(runOf),
    find: async (id: string) => {
      asked.push(id);
      if (id === 'gone') throw new Error('There is no such run.');
      return runOf(id);
    },
  };
  const late = Array.from({ length: 30 }, (_, at) => `late ${at}`);
  const queued = new QueuedRuns();
  const ids = ['b', ...late, 'gone', 'a'];
  t.same((await queued.read(ids, source)).map(({ id }) => id), ids.filter((id) => id !== 'gone'));
  t.same(asked, [...late, 'gone'], 'those that are not listed, once');
  asked.length = 0;
  late.forEach((id) => priorities.set(id, 7));
  for (let turn = 0; turn < 3; turn += 1) await queued.read(ids, source);
  t.equal(asked.filter((id) => id !== 'gone').length, 30, 'then a few each time');
  t.ok((await queued.read(ids, source)).every(({ id, priority }) => priority === 7 || !id.startsWith('late')), 'until all are as they are now');
  asked.length = 0;
  t.same((await queued.read(['c'], source)).map(({ id }) => id), ['c']);
  t.same(asked, [], 'none that does not wait any more');
});

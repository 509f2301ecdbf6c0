// The list of runs, kept up to date by as few questions as do.
import t from 'tap';
import type { Run, RunState } from '../../../src/dashboard/api/types.js';
import { PAGE, RunFeed, type RunPage, type RunSource } from '../../../src/dashboard/live/run-feed.js';

const idOf = (at: number) => `run-${String(at).padStart(5, '0')}`;
const run = (at: number, state: RunState, more: object = {}): Run => ({ id: idOf(at), head: 1, state, tags: [], ...more }) as unknown as Run;

/** A service with runs 0 to `count - 1`, the last of which is the newest. */
function scene(count: number, stateOf: (at: number) => RunState) {
  const stored = new Map(Array.from({ length: count }, (_, at) => [idOf(at), run(at, stateOf(at))]));
  const asked: string[] = [];
  let changes = 0;
  const page = (state: string | undefined, cursor: string | undefined, limit: number): RunPage => {
    const fit = [...stored.values()].filter((one) => (state === undefined || state.split(',').includes(one.state)) && (cursor === undefined || one.id < cursor)).sort((a, b) => (a.id < b.id ? 1 : -1));
    const items = fit.slice(0, limit).map((one) => structuredClone(one));
    return { items, nextCursor: fit.length > limit ? items.at(-1)!.id : null };
  };
  const source: RunSource = {
    list: async ({ limit, state, cursor }) => {
      asked.push(`${state ?? 'all'}${cursor === undefined ? '' : ` from ${cursor}`}`);
      return page(state, cursor, limit);
    },
    find: async (id) => {
      asked.push(id);
      return structuredClone(stored.get(id) ?? null);
    },
  };
  const feed = new RunFeed(() => (changes += 1));
  return {
    feed, source, stored, asked,
    changes: () => changes,
    change: (at: number, state: RunState) => stored.set(idOf(at), run(at, state, { head: 2 })),
    stateOf: (at: number) => feed.runs?.find(({ id }) => id === idOf(at))?.state,
    /** Reads all, and forgets what was asked for. */
    begin: async () => {
      await feed.poll(source);
      while (feed.isPartial) await feed.readOlder(source);
      asked.length = 0;
    },
  };
}

t.test('a long list is read once, and then its newest page alone', async (t) => {
  const { feed, source, asked, begin, changes } = scene(1000, () => 'succeeded');
  await feed.poll(source);
  t.equal(feed.runs?.length, PAGE, 'the newest are there at once');
  while (feed.isPartial) await feed.readOlder(source);
  t.equal(feed.runs?.length, 1000);
  t.equal(asked.length, 5);
  await begin();
  const before = [feed.runs, changes()];
  await feed.poll(source);
  await feed.poll(source);
  t.same(asked, ['all', 'all'], 'two polls are two requests');
  t.same([feed.runs === before[0], changes()], [true, before[1]], 'and where nothing is new, nothing is drawn anew');
  t.equal(feed.isBusy, false);
});

t.test('beneath the newest page, what is under way is known, however much waits', async (t) => {
  const { feed, source, asked, begin, change, stored, stateOf } = scene(1000, (at) => (at === 5 ? 'running' : at < 700 ? 'queued' : 'succeeded'));
  await begin();
  await feed.poll(source);
  t.same(asked.length, 3, 'the newest, those on devices, a page of those that wait');
  change(5, 'succeeded');
  change(6, 'running');
  for (let at = 7; at < 10; at += 1) change(at, 'paused');
  change(450, 'cancelled');
  stored.delete(idOf(460));
  for (let turn = 0; turn < 4; turn += 1) await feed.poll(source);
  t.same([5, 6, 9, 450, 460].map(stateOf), ['succeeded', 'running', 'paused', 'cancelled', undefined]);
  asked.length = 0;
  await feed.poll(source);
  t.ok(asked.length <= 3, 'what is known is not asked for again');
});

t.test('an answer that was asked for before a change does not undo it', async (t) => {
  const { feed, source, begin, stateOf } = scene(3, () => 'queued');
  await begin();
  let meanwhile = () => {};
  const slow: RunSource = { ...source, list: async (query) => {
    const page = await source.list(query);
    meanwhile();
    return page;
  } };
  meanwhile = () => {
    feed.note(run(1, 'queued', { tags: ['mine'] }));
    feed.note(run(3, 'queued'));
    feed.forget(idOf(0));
  };
  await feed.poll(slow);
  t.same(feed.runs?.map(({ id, tags }) => [id, ...tags]), [[idOf(3)], [idOf(2)], [idOf(1), 'mine']], 'what was written, made and deleted stays so');
  await feed.poll(source);
  t.same([0, 3].map(stateOf), ['queued', undefined], 'what is asked for afterwards is believed');
});

t.test('a hundred and more new runs at once leave no gap', async (t) => {
  const { feed, source, stored, begin } = scene(300, () => 'succeeded');
  await begin();
  for (let at = 300; at < 900; at += 1) stored.set(idOf(at), run(at, 'succeeded'));
  await feed.poll(source);
  while (feed.isPartial) await feed.readOlder(source);
  t.equal(feed.runs?.length, 900);
});

t.test('before the list was read, one run is not all of it', async (t) => {
  const { feed } = scene(0, () => 'queued');
  feed.note(run(1, 'queued'));
  t.equal(feed.runs, null);
});

t.test('a run that is paused is waited for by nobody', async (t) => {
  const { feed, begin } = scene(3, () => 'paused');
  await begin();
  t.equal(feed.isBusy, false);
});

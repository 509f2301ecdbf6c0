// Why a run waits, in words.
import fc from 'fast-check';
import t from 'tap';
import { decide } from '../../../src/scheduler/decide.js';
import { Reasons } from '../../../src/scheduler/reasons.js';
import { Room } from '../../../src/scheduler/room.js';
import { eachState, scene, SETTINGS as QUICK } from './random-scenes.js';
import { gpu, HOUR, MINUTE, running, SETTINGS, stateOf, team, waiting, type Scene } from './scenes.js';

const two = [gpu('gpu-0'), gpu('gpu-1')];
const why = (scene: Scene, runId = 'w') => {
  const reason = new Reasons(stateOf(scene), SETTINGS).of(runId);
  return reason === null ? null : [reason.type, reason.words];
};

t.test('the devices are not there', async (t) => {
  t.strictSame(why({ waiting: [waiting('w', 'a', { kind: 'cpu' })] }), ['no_box', 'There is no box with a CPU.']);
  t.strictSame(why({ devices: [gpu('gpu-0', { memoryMiB: 24_000 })], waiting: [waiting('w', 'a', { memoryMiB: 30_000 })] }), ['too_large', 'It needs 29.3 GiB on one GPU; the largest has 23.4 GiB even when it is empty.']);
  t.strictSame(why({ devices: [...two, gpu('small', { memoryMiB: 500 })], waiting: [waiting('w', 'a', { devices: 3 })] }), ['too_large', 'It needs 3 GPUs with 1000 MiB each in one box; the largest box has 2.']);
  t.strictSame(why({ devices: [gpu('gpu-0', { phase: 'cordoned' }), gpu('small', { memoryMiB: 500 })], waiting: [waiting('w', 'a')] }), ['cordoned', 'It fits only where no new runs are taken now: 1 GPU that somebody has set aside.']);
});

t.test('somebody is on the devices', async (t) => {
  const small = (id: string, on: string, changes: { memoryMiB?: number; exclusive?: boolean } = {}) => running(id, 'a', [on], { request: { memoryMiB: 300, ...changes } });
  t.strictSame(why({ devices: two, running: [small('1', 'gpu-0'), small('2', 'gpu-1', { memoryMiB: 400 })], waiting: [waiting('w', 'a')] }), ['memory', '300 MiB of memory are missing on the GPU with the most room.']);
  t.strictSame(why({ devices: [gpu('gpu-0', { slots: 1 })], running: [small('1', 'gpu-0')], waiting: [waiting('w', 'a', { memoryMiB: 100 })] }), ['slots', 'Every GPU that is large enough has as many runs as it takes at once (1 or more).']);
  t.strictSame(why({ running: [small('1', 'gpu-0', { exclusive: true })], waiting: [waiting('w', 'a', { memoryMiB: 100 })] }), ['exclusive', 'Each GPU that is large enough is taken by a run that shares it with nobody.']);
  t.strictSame(why({ running: [small('1', 'gpu-0'), small('2', 'gpu-0')], waiting: [waiting('w', 'a', { memoryMiB: 100, exclusive: true })] }), ['exclusive', 'It asks for a GPU of its own, and each that is large enough has 2 runs or more on it.']);
  t.strictSame(why({ devices: two, running: [small('1', 'gpu-0')], waiting: [waiting('w', 'a', { devices: 2 })] }), ['gpus', 'It needs 2 GPUs in one box; at most 1 of them are free at once.']);
});

t.test('a quota', async (t) => {
  const other = running('r', 'a', ['gpu-0']);
  t.strictSame(why({ devices: two, teams: [team('a', { maxRuns: 1 })], running: [other], waiting: [waiting('w', 'a')] }), ['quota_runs', 'Its team has 1 run at once, and may have 1.']);
  t.strictSame(why({ devices: two, teams: [team('a', { budgetPerDay: 1, spentToday: 2 })], waiting: [waiting('w', 'a')] }), ['quota_time', 'Its team has used up today\'s device time; there is more at 1970-02-12 00:00 UTC.']);
});

t.test('no room for files', async (t) => {
  const GIB = 2 ** 30;
  const full = { bytes: 12.31 * GIB, limitBytes: 10 * GIB };
  const words = 'Its team\'s files take 12.4 GiB, and may take 10.0 GiB; some must be deleted first.';
  t.strictSame(why({ teams: [team('a', { storage: full })], waiting: [waiting('w', 'a')] }), ['quota_storage', words]);
  t.strictSame(why({ teams: [team('a', { storage: full, budgetPerDay: 0, maxRuns: 0 })], waiting: [waiting('w', 'a')] }), ['quota_storage', words], 'which does not pass by itself');
  t.strictSame(why({ teams: [team('a', { storage: { ...full, bytes: 10 * GIB - 1 } })], waiting: [waiting('w', 'a')] })?.[0], 'starting', 'as long as a byte is left');
});

t.test('others go first', async (t) => {
  const [w, x, y] = [waiting('w', 'a'), waiting('x', 'a', { priority: 1 }), waiting('y', 'a', { priority: 1, ago: HOUR, user: 'other' })];
  t.strictSame(why({ waiting: [w, x] }), ['behind', '1 run of its own user goes first: x.']);
  t.strictSame(why({ devices: two, waiting: [w, x, y] }), ['behind', '2 runs of its own team go first: y and x.']);
  const five = Array.from({ length: 5 }, (_, index) => waiting(`x${index}`, 'a', { priority: 1, memoryMiB: 200, ago: HOUR - index }));
  t.strictSame(why({ waiting: [w, ...five] }), ['behind', '5 runs of its own user go first: x0, x1, x2 and 2 more.']);
  t.strictSame(why({ teams: [team('a', { usage: HOUR }), team('b')], waiting: [w, waiting('secret', 'b')] }), ['share', 'Its team has 0.0 GPUs, and its share is 0.5 now; 1 run of other teams, which have had less or have waited too long, goes first.']);
});

t.test('devices are kept', async (t) => {
  const soon = running('r', 'b', ['gpu-0'], { ago: MINUTE });
  const large = (team: string) => waiting('large', team, { devices: 2, ago: HOUR });
  const teams = [team('a', { usage: HOUR }), team('b', { usage: HOUR }), team('c')];
  t.strictSame(why({ devices: two, teams, running: [soon], waiting: [large('c'), waiting('w', 'a')] }), ['kept', 'There is room, but 2 GPUs are kept for a run of another team that goes first.']);
  t.strictSame(why({ devices: two, teams, running: [soon], waiting: [large('a'), waiting('w', 'a')] })?.[0], 'behind', 'one of its own team is named as what goes first');
});

t.test('it is about to start', async (t) => {
  const taken = [running('b1', 'b', ['gpu-0']), running('b2', 'b', ['gpu-1'], { ago: 30 * MINUTE })];
  const teams = [team('a'), team('b', { usage: HOUR })];
  const w = waiting('w', 'a');
  const making = ['making_room', '1 run is making room for it and has not left yet.'];
  t.strictSame(why({ devices: two, teams, running: taken, waiting: [w] }), making, 'somebody is told in this round');
  t.strictSame(why({ devices: two, teams, running: taken.map((run) => ({ ...run, leaving: run.id === 'b2' })), waiting: [w], promised: [w] }), making, 'somebody was told before');
  t.strictSame(why({ waiting: [w] }), ['starting', 'Nothing stands in its way: it starts in a moment.']);
  t.equal(why({ waiting: [w] }, 'gone'), null, 'nothing is known of one that does not wait');
});

t.test('the reason is true, and tells of no other team', async (t) => {
  const seen = new Map<string, number>();
  let states = 0;
  fc.assert(
    fc.property(scene, (scene) => eachState(scene, (state) => {
      if (states++ % 3 !== 0) return;
      const started = new Set(decide(state, QUICK).filter(({ type }) => type === 'start').map(({ runId }) => runId));
      const [room, empty] = [new Room(state.devices, state.running), new Room(state.devices)];
      const reasons = new Reasons(state, QUICK);
      const others = new Map(state.teams.map(({ id }) => [id, [...state.lines.flatMap(({ runs }) => runs), ...state.running].filter(({ team }) => team !== id)]));
      for (const run of state.lines.flatMap(({ runs }) => runs)) {
        const { type, words, ...rest } = reasons.of(run.id)!;
        seen.set(type, (seen.get(type) ?? 0) + 1);
        const told = `${words} ${JSON.stringify(rest)} `;
        if ((type === 'starting') !== started.has(run.id)) throw new Error(`${run.id}: ${words}`);
        if (['no_box', 'too_large', 'cordoned'].includes(type) === empty.couldEver(run.request)) throw new Error(`${run.id} could start on an empty box: ${words}`);
        if (['memory', 'slots', 'exclusive', 'gpus'].includes(type) && room.place(run.request) !== null) throw new Error(`${run.id} has room: ${words}`);
        if (['behind', 'kept', 'share'].includes(type) && room.place(run.request) === null) throw new Error(`${run.id} has no room: ${words}`);
        if (type === 'behind' && (rest as { runIds: string[] }).runIds.length === 0) throw new Error(`${run.id} is behind nobody`);
        const leaked = others.get(run.team)!.find(({ id }) => new RegExp(`${id}\\b`).test(told));
        if (leaked !== undefined) throw new Error(`${run.id} of ${run.team} is told of ${leaked.id}: ${told}`);
      }
    })),
    { seed: 42, numRuns: 25 },
  );
  for (const type of ['starting', 'memory', 'gpus', 'exclusive', 'too_large', 'behind', 'quota_runs', 'quota_time', 'making_room']) t.ok((seen.get(type) ?? 0) > 0, `${type}: ${seen.get(type)}`);
});

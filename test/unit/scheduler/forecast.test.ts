// When runs are likely to start: by hand, and against what then happens.
import fc from 'fast-check';
import t from 'tap';
import { decide } from '../../../src/scheduler/decide.js';
import { forecast, type ForecastOptions } from '../../../src/scheduler/forecast.js';
import { Room } from '../../../src/scheduler/room.js';
import type { Settings, State } from '../../../src/scheduler/state.js';
import { simulate } from '../../../src/simulator/simulate.js';
import { scene, SETTINGS as QUICK, TICK_MS } from './random-scenes.js';
import { gpu, HOUR, MINUTE, NOW, running, SETTINGS, stateOf, team, waiting, type Scene } from './scenes.js';

/** In minutes from now: likely, earliest, latest. */
function minutes(scene: Scene, options: ForecastOptions = {}) {
  const inMinutes = (at: number | null) => (at === null ? null : (at - NOW) / MINUTE);
  return forecast(stateOf(scene), SETTINGS, options).starts.map(({ runId, startAt, earliest, latest }) => [runId, ...[startAt, earliest, latest].map(inMinutes)]);
}

t.test('one starts when another ends, and the next when that one does', async (t) => {
  const scene = { running: [running('r', 'a', ['gpu-0'], { ago: HOUR })], waiting: [waiting('2', 'a', { ago: MINUTE }), waiting('1', 'a', { ago: HOUR })] };
  t.strictSame(minutes(scene), [['1', 60, 36, 108], ['2', 120, 72, 216]], 'each takes 0.6 to 1.8 of what is expected');
  t.strictSame(minutes(scene, { shortFactor: 0.5, longFactor: 1 }), [['1', 60, 30, 60], ['2', 120, 60, 120]]);
  t.strictSame(minutes(scene, { runIds: ['1'] }), [['1', 60, 36, 108]], 'only who is asked about');
  t.strictSame(minutes({ waiting: scene.waiting }), [['1', 0, 0, 0], ['2', 60, 36, 108]], 'now, where there is room');
});

t.test('where nothing like it was measured, the interval is an order of magnitude either way', async (t) => {
  const scene = (guessed: boolean) => ({ running: [running('r', 'a', ['gpu-0'], { ago: HOUR, guessed })], waiting: [waiting('w', 'a')] });
  const [[, likely, earliest, latest]] = minutes(scene(true)) as [[string, number, number, number]];
  t.equal(likely, 60);
  t.ok(earliest < 10 && latest > 600, `${earliest} to ${latest}`);
});

t.test('what is near is told to the second', async (t) => {
  const stopped = minutes({ running: [running('r', 'a', ['gpu-0'], { ago: 5 * HOUR, endsBy: NOW + MINUTE / 2 })], waiting: [waiting('w', 'a')] });
  t.strictSame(stopped, [['w', 1 / 2 + 1 / 6, 1 / 2 + 1 / 6, 1 / 2 + 1 / 6]]);
});

t.test('one that is overdue takes as long again', async (t) => {
  t.strictSame(minutes({ running: [running('r', 'a', ['gpu-0'], { expectedEnd: NOW - 10 * MINUTE })], waiting: [waiting('w', 'a')] }), [['w', 10, 6, 18]]);
});

t.test('one whose time is up leaves for good, one that makes room comes back', async (t) => {
  const timed = running('r', 'a', ['gpu-0'], { ago: 5 * HOUR, endsBy: NOW + 30 * MINUTE });
  const stopped = minutes({ running: [timed], waiting: [waiting('w', 'a')] });
  t.strictSame(stopped, [['w', 30 + 1 / 6, 30 + 1 / 6, 30 + 1 / 6]], 'it has ten seconds for that');
  const young = running('b1', 'b', ['gpu-0'], { ago: 9 * MINUTE, expectedEnd: NOW + 5 * HOUR });
  const shared = { devices: [gpu('gpu-0'), gpu('gpu-1')], teams: [team('a'), team('b', { usage: HOUR })], running: [young, running('b2', 'b', ['gpu-1'], { ago: 8 * MINUTE, expectedEnd: NOW + 5 * HOUR })], waiting: [waiting('a1', 'a'), waiting('b3', 'b')] };
  const starts = new Map(minutes(shared, { shortFactor: 1, longFactor: 1 }).map(([id, ...times]) => [id, times[0]]));
  t.equal(starts.get('a1'), 1 + 1 / 6, 'after the time that every run is left in peace, the other team gives one back');
  t.equal(starts.get('b3'), 61 + 1 / 6, 'and what was taken off waits behind nobody of its own who came before');
});

t.test('a spent budget waits for midnight', async (t) => {
  // 16:00 UTC.
  const spent = (ms: number) => ({ teams: [team('a', { budgetPerDay: ms, spentToday: ms })], waiting: [waiting('w', 'a')] });
  t.strictSame(minutes(spent(HOUR)), [['w', 8 * 60, 8 * 60, 8 * 60]]);
  t.strictSame(minutes(spent(0)), [['w', null, null, null]], 'where there is one tomorrow');
  t.strictSame(minutes({ ...spent(HOUR), teams: [team('a', { budgetPerDay: HOUR })] }), [['w', 0, 0, 0]], 'while some is left nothing does');
});

t.test('nobody can say', async (t) => {
  t.strictSame(minutes({ waiting: [waiting('huge', 'a', { memoryMiB: 5000 })] }), [['huge', null, null, null]], 'of one that can never fit');
  t.equal(forecast(stateOf({ waiting: [waiting('huge', 'a', { memoryMiB: 5000 })] }), SETTINGS).rounds, 0, 'which costs nothing');
  const scene = { running: [running('r', 'a', ['gpu-0'], { ago: HOUR })], waiting: [waiting('1', 'a', { ago: HOUR }), waiting('2', 'a')] };
  t.strictSame(minutes(scene, { horizonMs: 100 * MINUTE }), [['1', 60, 36, null], ['2', null, 72, null]], 'beyond the horizon');
  t.strictSame(minutes(scene, { maxRounds: 1 }).map(([, at]) => at), [null, null], 'beyond the work that it is worth');
  t.equal(forecast(stateOf(scene), SETTINGS, { maxRounds: 1 }).rounds, 3, 'which is bounded in each play');
  t.throws(() => minutes(scene, { shortFactor: 2 }), RangeError);
});

/** When each run is started first, from a time on. */
function startsAfter(starts: ReadonlyMap<string, readonly number[]>, runId: string, now: number): number | null {
  return starts.get(runId)?.find((at) => at >= now) ?? null;
}

const IN_TICKS: Settings = { ...QUICK, leaveMs: TICK_MS };
const inTicks = (ms: number) => Math.ceil(ms / TICK_MS) * TICK_MS;
/**
 * Runs take as long as expected, and all GPUs are alike. Everything happens on ticks: the simulator counts its ticks
 * from ends that never came as well, where a run had to make room before, of which a state tells nothing.
 */
const plain = scene.map((scene) => {
  const devices = scene.devices.map((device) => ({ ...device, kind: 'gpu' as const, memoryMiB: 1000, slots: 4 }));
  const submissions = scene.submissions.map((one) => ({ ...one, at: inTicks(one.at), request: { ...one.request, kind: 'gpu' as const }, durationMs: inTicks(one.durationMs), expectedMs: inTicks(one.durationMs) }));
  // What fits nowhere would only be waited for.
  return { ...scene, leaveMs: IN_TICKS.leaveMs, devices, submissions: submissions.filter(({ request }) => new Room(devices).couldEver(request)) };
});

interface Found {
  now: number;
  exact: Map<string, number | null>;
  quick: Map<string, number | null>;
}
const told = (state: State, options: ForecastOptions) => new Map(forecast(state, IN_TICKS, options).starts.map(({ runId, startAt }) => [runId, startAt]));

t.test('where nothing surprises, it is what then happens', async (t) => {
  let [compared, later, same] = [0, 0, 0];
  fc.assert(
    fc.property(plain, fc.nat(30), (scene, skipped) => {
      const starts = new Map<string, number[]>();
      let left = skipped;
      let found: Found | null = null;
      const last = scene.submissions.at(-1)?.at ?? 0;
      const options: ForecastOptions = { tickMs: TICK_MS, maxRounds: 20_000, shortFactor: 1, longFactor: 1 };
      const isPlain = ({ now, running, promised, lines }: State) => now >= last && lines.length > 0 && promised.length === 0 && !running.some(({ leaving }) => leaving);
      simulate({
        ...scene,
        policy: (state) => decide(state, IN_TICKS),
        onDecision(state, decisions) {
          if (found === null && isPlain(state) && left-- === 0) found = { now: state.now, exact: told(state, { ...options, restMs: TICK_MS }), quick: told(state, options) };
          for (const decision of decisions) if (decision.type === 'start') starts.set(decision.runId, [...(starts.get(decision.runId) ?? []), state.now]);
        },
      });
      const { now, exact, quick } = (found ?? { now: 0, exact: new Map(), quick: new Map() }) as Found;
      for (const [runId, at] of exact) {
        compared += 1;
        if (at !== null && at > now) {
          later += 1;
          if (quick.get(runId) === at) same += 1;
        }
        if (at !== startsAfter(starts, runId, now)) throw new Error(`${runId} was to start at ${at}, and did at ${startsAfter(starts, runId, now)}; it was ${now}`);
      }
    }),
    { seed: 42, numRuns: 50 },
  );
  t.ok(later > 100, `${compared} runs were told a time, ${later} of them one to come`);
  t.ok(same > 0.9 * later, `${same} of them the same where ticks are skipped in which little can happen`);
});

t.test('what is likely is within the interval', async (t) => {
  let told = 0;
  fc.assert(
    fc.property(scene, fc.double({ min: 0.1, max: 1, noNaN: true }), fc.double({ min: 1, max: 5, noNaN: true }), ({ devices, submissions, teams }, shortFactor, longFactor) => {
      const runs = submissions.map(({ id, team, user, priority, request, expectedMs }) => ({ id, team, user, priority, request, since: NOW, place: NOW, expectedMs, guessed: false }));
      const state = stateOf({ devices: [...devices], teams: teams.map(({ id, weight }) => team(id, { weight })), waiting: runs });
      for (const { startAt, earliest, latest } of forecast(state, QUICK, { shortFactor, longFactor }).starts) {
        if (startAt === null) {
          if (latest !== null) throw new Error('nobody can say when, but until when');
          continue;
        }
        told += 1;
        if (earliest === null || earliest > startAt || earliest < NOW || (latest !== null && latest < startAt)) throw new Error(`${earliest} ${startAt} ${latest}`);
      }
    }),
    { seed: 42, numRuns: 60 },
  );
  t.ok(told > 100, `of ${told} runs`);
});

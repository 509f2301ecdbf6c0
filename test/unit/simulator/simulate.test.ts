// The simulated box: runs take as long as they take, whoever schedules them.
import t from 'tap';
import { POLICIES } from '../../../src/simulator/policies.js';
import { chartOf, summarize, tableOf } from '../../../src/simulator/report.js';
import { simulate, type Scene, type Submission } from '../../../src/simulator/simulate.js';
import { DEVICES, generateWeek, TEAMS, WEEK_MS } from '../../../src/simulator/workload.js';
import { gpu, HOUR, MINUTE, request } from '../scheduler/scenes.js';

const submission = (id: string, at: number, changes: Partial<Submission> = {}): Submission => ({
  id, team: 'a', user: 'x', priority: 0, request: request(), at, durationMs: HOUR, expectedMs: HOUR, ...changes,
});
const scene = (submissions: Submission[], changes: Partial<Scene> = {}): Scene => ({
  devices: [gpu('gpu-0')], teams: [{ id: 'a', weight: 1 }, { id: 'b', weight: 1 }], submissions, policy: POLICIES['first in, first out']!, halfLifeMs: HOUR, leaveMs: 1000, tickMs: MINUTE, ...changes,
});
const times = (submissions: Submission[], changes: Partial<Scene> = {}) => simulate(scene(submissions, changes)).outcomes.map(({ submission, firstStart, end }) => [submission.id, firstStart, end]);

t.test('a run starts when there is room, and ends when it has had its time', async (t) => {
  t.strictSame(times([submission('1', 0), submission('2', MINUTE)]), [['1', 0, HOUR], ['2', HOUR, 2 * HOUR]]);
  t.strictSame(times([submission('1', 0), submission('2', MINUTE)], { devices: [gpu('gpu-0'), gpu('gpu-1')] }), [['1', 0, HOUR], ['2', MINUTE, HOUR + MINUTE]]);
});

t.test('a run that made room goes on with what is left of it', async (t) => {
  let told = false;
  const policy: Scene['policy'] = ({ now, running, lines }) => {
    const [next] = lines.flatMap(({ runs }) => runs).sort((a, b) => a.expectedMs - b.expectedMs);
    if (running.length === 0) return next === undefined ? [] : [{ type: 'start', runId: next.id, devices: ['gpu-0'], aged: false, lentBy: null }];
    if (told || now < 30 * MINUTE) return [];
    told = true;
    return [{ type: 'preempt', runId: running[0]!.id, why: 'share', for: '2' }];
  };
  const { outcomes, preemptions, teams } = simulate(scene([submission('1', 0), submission('2', 30 * MINUTE, { team: 'b', durationMs: 10 * MINUTE, expectedMs: 0 })], { policy }));
  t.equal(preemptions, 1);
  t.match(outcomes, [{ firstStart: 0, end: HOUR + 10 * MINUTE, preemptions: 1, waitedMs: 10 * MINUTE }, { firstStart: 30 * MINUTE + 1000, end: 40 * MINUTE + 1000 }], 'its state takes a moment to write, in which it trains on');
  t.equal(teams.get('a')!.used, HOUR, 'all its time is counted, once');
});

t.test('the others do what they are known for', async (t) => {
  const large = submission('large', 1, { request: request({ devices: 2 }), priority: 1 });
  const queue = [submission('first', 0), large, submission('last', 2, { durationMs: MINUTE, expectedMs: MINUTE })];
  const ends = (policy: string) => times(queue, { devices: [gpu('gpu-0'), gpu('gpu-1')], policy: POLICIES[policy]! }).map(([id, start]) => [id, start]);
  t.strictSame(ends('first in, first out'), [['first', 0], ['large', HOUR], ['last', 2 * HOUR]], 'nobody passes');
  t.strictSame(ends('strict priority'), [['first', 0], ['large', HOUR], ['last', 2]], 'what fits starts');
  t.strictSame(ends('fair tree'), [['first', 0], ['large', HOUR], ['last', 2]], 'what is kept is used meanwhile');
});

t.test('a week comes from its seed', async (t) => {
  const week = generateWeek(1, 300);
  t.strictSame(generateWeek(1, 300), week, 'the same again');
  t.notSame(generateWeek(2, 300), week);
  t.ok(week.every(({ at, durationMs }, index) => Number.isInteger(durationMs) && at < WEEK_MS && at >= (week[index - 1]?.at ?? 0)), 'in order');
  t.strictSame(new Set(week.map(({ team }) => team)), new Set(TEAMS.map(({ id }) => id)));
});

t.test('what became of it is told', async (t) => {
  const submissions = generateWeek(1, 400);
  const result = simulate({ devices: DEVICES.slice(0, 4), teams: TEAMS, submissions, policy: POLICIES.trainyard!, halfLifeMs: 24 * HOUR, leaveMs: 1000, tickMs: MINUTE });
  const summary = summarize(result, { policy: 'trainyard', teams: TEAMS, deviceCount: 4, seconds: 1 });
  const work = submissions.reduce((sum, { request: { devices, exclusive, memoryMiB }, durationMs }) => sum + devices * (exclusive ? 1 : Math.max(1 / 8, memoryMiB / (80 * 1024))) * durationMs, 0);
  t.ok(Math.abs(summary.utilisation * 4 * result.endedAt - work) < 1e-6 * work, 'every device-second once');
  t.match(summary, { unserved: 0, waitHours: { p50: Number, p95: Number, max: Number }, leastServed: { team: String, part: Number } });
  t.match(tableOf([summary]).split('\n'), { length: 3 });
  t.match(chartOf([summary], TEAMS), /vision, weight 3\n {2}trainyard [█▏]+ /);
});

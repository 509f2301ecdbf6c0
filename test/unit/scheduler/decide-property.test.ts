// Whatever is submitted, the promises of the policy hold at every decision of a simulated box.
import fc from 'fast-check';
import t from 'tap';
import { decide } from '../../../src/scheduler/decide.js';
import { Room } from '../../../src/scheduler/room.js';
import { isFull, isSpent, type Decision, type Device, type State } from '../../../src/scheduler/state.js';
import { simulate, type Scene, type Submission } from '../../../src/simulator/simulate.js';
import { randomOf } from '../../../src/simulator/workload.js';
import { scene, sceneWithFullTeam, SETTINGS, TICK_MS } from './random-scenes.js';
import { HOUR, MINUTE } from './scenes.js';

/** What is wrong with these decisions; each rule is told by itself. */
function faults(state: State, decisions: readonly Decision[]): string[] {
  const found: string[] = [];
  const runs = state.lines.flatMap((line) => line.runs);
  const waits = new Map(runs.map((run) => [run.id, run]));
  const runsNow = new Map(state.running.map((run) => [run.id, run]));
  const room = new Room(state.devices, state.running);
  const held = new Map<string, { memoryMiB: number; runs: number; exclusive: boolean }>();
  const hold = (id: string, { memoryMiB, exclusive }: { memoryMiB: number; exclusive: boolean }) => {
    const before = held.get(id) ?? { memoryMiB: 0, runs: 0, exclusive: false };
    held.set(id, { memoryMiB: before.memoryMiB + memoryMiB, runs: before.runs + 1, exclusive: before.exclusive || exclusive });
  };
  for (const { devices, request } of state.running) for (const id of devices) hold(id, request);
  const promised = new Set(state.promised.map(({ id }) => id));
  const count = new Map(state.teams.map(({ id }) => [id, state.running.filter(({ team }) => team === id).length]));
  const promisedOf = (team: string) => [...waits.values()].filter((run) => run.team === team && promised.has(run.id)).length;
  for (const decision of decisions) {
    if (decision.type !== 'start') {
      const run = runsNow.get(decision.runId);
      if (run === undefined || run.leaving) found.push(`${decision.runId} is told to leave and does not run, or was told before`);
      runsNow.delete(decision.runId);
      if (decision.type === 'preempt' && decision.for !== null) promised.add(decision.for);
      continue;
    }
    const run = waits.get(decision.runId);
    if (run === undefined) {
      found.push(`${decision.runId} is started and does not wait`);
      continue;
    }
    waits.delete(run.id);
    const on = decision.devices.map((id) => state.devices.find((device) => device.id === id)!);
    if (new Set(on).size !== run.request.devices || new Set(on.map(({ box }) => box)).size !== 1) found.push(`${run.id} has other devices than it wants`);
    if (on.some(({ kind, phase }) => kind !== run.request.kind || phase !== 'open')) found.push(`${run.id} is on a device that it may not have`);
    const of = state.teams.find(({ id }) => id === run.team)!;
    const others = count.get(run.team)!;
    count.set(run.team, others + 1);
    if ((of.maxRuns !== null && others >= of.maxRuns) || isSpent(of) || isFull(of)) found.push(`${run.id} is started beyond its team's quota`);
    room.take({ request: run.request, devices: decision.devices });
    for (const { id } of on) hold(id, run.request);
  }
  for (const { id, memoryMiB, slots } of state.devices) {
    const on = held.get(id);
    if (on !== undefined && (on.memoryMiB > memoryMiB || on.runs > slots || (on.exclusive && on.runs > 1))) found.push(`${id} is over-committed`);
  }
  // A device rests only while it is kept for a run that gets it in a moment, as others of its kind leave or end.
  const left = ({ expectedEnd }: { expectedEnd: number }) => Math.abs(expectedEnd - state.now);
  const isKept = (kind: Device['kind']) => state.running.some((run) => run.request.kind === kind && (run.leaving || !runsNow.has(run.id) || left(run) < SETTINGS.loanMs));
  const mayStart = ({ team }: { team: string }) => {
    const of = state.teams.find(({ id }) => id === team)!;
    return (of.maxRuns === null || count.get(team)! + promisedOf(team) < of.maxRuns) && !isSpent(of) && !isFull(of);
  };
  const idle = [...waits.values()].find((run) => mayStart(run) && !isKept(run.request.kind) && room.place(run.request) !== null);
  if (idle !== undefined) found.push(`${idle.id} could start and waits`);
  return found;
}

function play(scene: Omit<Scene, 'policy'>, onDecision: NonNullable<Scene['onDecision']>) {
  return simulate({ ...scene, policy: (state) => decide(state, SETTINGS), onDecision });
}

t.test('nothing is over-committed, no quota is exceeded, and no device rests while somebody could use it', async (t) => {
  for (const scenes of [scene, sceneWithFullTeam]) t.doesNotThrow(() => fc.assert(
    fc.property(scenes, (scene) => {
      play(scene, (state, decisions) => {
        const [fault] = faults(state, decisions);
        if (fault !== undefined) throw new Error(fault);
      });
    }),
    { seed: 42, numRuns: 40 },
  ));
});

t.test('everybody who could ever start does, within the bound, and every run ends', async (t) => {
  t.doesNotThrow(() => fc.assert(
    fc.property(scene, ({ teams, ...rest }) => {
      const scene = { ...rest, teams: teams.map(({ id, weight }) => ({ id, weight })) };
      const users = teams.length * 2;
      // A turn for each who claims at the same time; a run leaves, and its leaving is seen, in a moment.
      const bound = SETTINGS.agingMs + users * (SETTINGS.turnMs + SETTINGS.leaveMs + 2 * TICK_MS);
      const possible = (request: Submission['request']) => new Room(scene.devices).place(request) !== null;
      const result = play(scene, ({ now, lines, teams }) => {
        for (const line of lines) {
          const user = teams.find(({ id }) => id === line.team)!.users.find(({ id }) => id === line.user);
          const oldest = line.runs.filter(({ request }) => possible(request)).reduce((since, run) => Math.min(since, run.since), now);
          const waits = now - Math.max(oldest, user?.lastTurn ?? 0);
          if (waits > bound) throw new Error(`${line.user} of ${line.team} has waited ${waits / MINUTE} minutes`);
        }
      });
      for (const { submission, end } of result.outcomes) if (end === null && possible(submission.request)) throw new Error(`${submission.id} did not end`);
    }),
    { seed: 42, numRuns: 40 },
  ));
});

t.test('the order in which things are listed changes nothing', async (t) => {
  const reversed = (state: State): State => ({ ...state, devices: state.devices.toReversed(), teams: state.teams.toReversed(), running: state.running.toReversed(), lines: state.lines.toReversed() });
  t.doesNotThrow(() => fc.assert(
    fc.property(scene, (scene) => {
      play(scene, (state, decisions) => {
        if (JSON.stringify(decide(reversed(state), SETTINGS)) !== JSON.stringify(decisions)) throw new Error(`at ${state.now} the decisions differ`);
      });
    }),
    { seed: 42, numRuns: 25 },
  ));
});

const MIX_WEEK_MS = 7 * 24 * HOUR;

/** What each team had of its share of a week in which each could keep the box busy by itself, with runs of its own length and size. */
function contestedWeek(memoryMiB: readonly number[], seed: number): { busy: number; ratios: Map<string, number> } {
  const teams = [5, 3, 2, 2, 1, 1].map((weight, index) => ({ id: `team ${index}`, weight }));
  const boxes = Array.from({ length: 4 }, (_, index): Device => ({ id: `gpu-${index}`, box: 'box', kind: 'gpu', memoryMiB: 1000, slots: 8, phase: 'open' }));
  const weights = teams.reduce((sum, { weight }) => sum + weight, 0);
  const random = randomOf(seed);
  const submissions = teams.flatMap(({ id, weight }, index) => {
    const meanMs = (20 + 40 * index) * MINUTE * 0.8;
    // Twice as many as its share has time for, so that it never has none in line.
    const count = Math.ceil((2 * boxes.length * weight * 1000 * MIX_WEEK_MS) / (weights * memoryMiB[index]! * meanMs));
    return Array.from({ length: count }, (_, number): Submission => {
      const durationMs = Math.round(meanMs * (0.375 + 1.25 * random()));
      return { id: `${id} ${number}`, team: id, user: 'someone', priority: 0, request: { kind: 'gpu', devices: 1, memoryMiB: memoryMiB[index]!, exclusive: index === 3 }, at: 0, durationMs, expectedMs: durationMs };
    });
  });
  const result = simulate({ devices: boxes, teams, submissions, policy: (state) => decide(state, { ...SETTINGS, agingMs: 24 * HOUR }), halfLifeMs: 24 * HOUR, leaveMs: SETTINGS.leaveMs, tickMs: 5 * TICK_MS, until: MIX_WEEK_MS });
  const used = (id: string) => result.teams.get(id)!.used;
  const all = teams.reduce((sum, { id }) => sum + used(id), 0);
  return { busy: all / boxes.length / MIX_WEEK_MS, ratios: new Map(teams.map(({ id, weight }) => [id, used(id) / all / (weight / weights)])) };
}

const SEEDS = [1, 2, 3];

t.test('in a week in which all want more than there is, each team gets its share', async (t) => {
  for (const seed of SEEDS) {
    const { busy, ratios } = contestedWeek([1000, 1000, 1000, 1000, 1000, 1000], seed);
    t.ok(busy > 0.99, `seed ${seed}: the box was busy: ${busy.toFixed(3)}`);
    for (const [team, ratio] of ratios) t.ok(Math.abs(ratio - 1) < 0.05, `seed ${seed}: ${team} had ${ratio.toFixed(3)} of its share`);
  }
});

t.test('also where runs share devices', async (t) => {
  for (const mix of [[250, 250, 250, 1000, 250, 250], [700, 400, 300, 1000, 600, 200], [300, 600, 1000, 1000, 150, 450], [125, 1000, 700, 1000, 350, 350], [350, 700, 350, 1000, 700, 350]]) {
    const { ratios } = contestedWeek(mix, 1);
    for (const [team, ratio] of ratios) t.ok(Math.abs(ratio - 1) < 0.05, `${mix.join(' ')}: ${team} had ${ratio.toFixed(3)} of its share`);
  }
});

// Only team 4 fits beside 750: it gets somewhat more, since nothing rests for the sake of the shares, and nobody gets less.
t.test('and no less where one team fills what no other can use', async (t) => {
  for (const seed of SEEDS) {
    const { busy, ratios } = contestedWeek([1000, 500, 300, 1000, 250, 700], seed);
    t.ok(busy > 0.95, `seed ${seed}: the box was busy: ${busy.toFixed(3)}`);
    for (const [team, ratio] of ratios) t.ok(ratio > 0.95, `seed ${seed}: ${team} had ${ratio.toFixed(3)} of its share`);
    for (const [team, ratio] of ratios) t.ok(ratio < (team === 'team 4' ? 1.1 : 1.05), `seed ${seed}: ${team} had ${ratio.toFixed(3)}, no more`);
  }
});

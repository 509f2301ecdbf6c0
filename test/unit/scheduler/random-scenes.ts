// Boxes, teams and submissions as they come, for rules that hold for all of them.
import fc from 'fast-check';
import { decide } from '../../../src/scheduler/decide.js';
import type { Device, Settings, State } from '../../../src/scheduler/state.js';
import { simulate, type Scene, type SimulatedTeam, type Submission } from '../../../src/simulator/simulate.js';
import { HOUR, MINUTE } from './scenes.js';

export const SETTINGS: Settings = { quantumMs: 5 * MINUTE, agingMs: HOUR, turnMs: 30 * MINUTE, loanMs: 2 * MINUTE, halfLifeMs: 4 * HOUR, leaveMs: 10_000, price: { gpu: 1, cpu: 0.5 } };
export const TICK_MS = MINUTE;

const device = fc.record({
  box: fc.constantFrom('x', 'y'),
  kind: fc.constantFrom<Device['kind']>('gpu', 'gpu', 'cpu'),
  memoryMiB: fc.constantFrom(500, 1000),
  slots: fc.integer({ min: 1, max: 4 }),
});
const devices = fc.array(device, { minLength: 1, maxLength: 5 }).map((all) => all.map((one, index): Device => ({ ...one, id: `${one.box}-${index}`, phase: 'open' })));
const teams: fc.Arbitrary<SimulatedTeam[]> = fc
  .array(fc.record({ weight: fc.integer({ min: 1, max: 4 }), maxRuns: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }), budgetPerDay: fc.option(fc.integer({ min: HOUR, max: 24 * HOUR }), { nil: undefined }) }), { minLength: 1, maxLength: 4 })
  .map((all) => all.map(({ weight, maxRuns, budgetPerDay }, index) => ({ id: `team ${index}`, weight, ...(maxRuns === undefined ? {} : { maxRuns }), ...(budgetPerDay === undefined ? {} : { budgetPerDay }) })));
const submission = fc.record({
  team: fc.nat(),
  user: fc.constantFrom('one', 'other'),
  priority: fc.integer({ min: 0, max: 2 }),
  request: fc.record({ kind: fc.constantFrom<Device['kind']>('gpu', 'gpu', 'gpu', 'cpu'), devices: fc.constantFrom(1, 1, 1, 2, 3), memoryMiB: fc.constantFrom(100, 300, 500, 900), exclusive: fc.boolean() }),
  at: fc.integer({ min: 0, max: 2 * HOUR }),
  durationMs: fc.integer({ min: 1000, max: 3 * HOUR }),
  error: fc.double({ min: 0.2, max: 3, noNaN: true }),
});
export const scene = fc.record({ devices, teams, wishes: fc.array(submission, { minLength: 1, maxLength: 40 }) }).map(({ devices, teams, wishes }): Omit<Scene, 'policy'> => ({
  devices,
  teams,
  submissions: wishes
    .map(({ team, error, ...wish }, index): Submission => ({ ...wish, id: `run ${index}`, team: teams[team % teams.length]!.id, expectedMs: Math.round(wish.durationMs * error) }))
    .sort((a, b) => a.at - b.at),
  halfLifeMs: SETTINGS.halfLifeMs,
  leaveMs: SETTINGS.leaveMs,
  tickMs: TICK_MS,
}));

/** One of its teams may store no more files. */
export const sceneWithFullTeam = fc.tuple(scene, fc.nat()).map(([{ teams, ...rest }, which]) => ({ ...rest, teams: teams.map((team, index) => (index === which % teams.length ? { ...team, storage: { bytes: 1, limitBytes: 1 } } : team)) }));

/** Looks at every state of the scene's first hours in which somebody waits. */
export function eachState(scene: Omit<Scene, 'policy'>, look: (state: State) => void): void {
  simulate({ ...scene, until: 8 * HOUR, policy: (state) => decide(state, SETTINGS), onDecision: (state) => { if (state.lines.length > 0) look(state); } });
}

// Small boxes and queues, written shortly.
import { decide } from '../../../src/scheduler/decide.js';
import { Lines } from '../../../src/scheduler/lines.js';
import type { Decision, Device, Request, RunningRun, Settings, State, Team, WaitingRun } from '../../../src/scheduler/state.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const NOW = 1000 * HOUR;
export const SETTINGS: Settings = { quantumMs: 10 * MINUTE, agingMs: 12 * HOUR, turnMs: 6 * HOUR, loanMs: 2 * MINUTE, halfLifeMs: 24 * HOUR, leaveMs: 10_000, price: { gpu: 1, cpu: 0.1 } };

export const gpu = (id: string, changes: Partial<Device> = {}): Device => ({ id, box: 'box', kind: 'gpu', memoryMiB: 1000, slots: 8, phase: 'open', ...changes });
export const request = (changes: Partial<Request> = {}): Request => ({ kind: 'gpu', devices: 1, memoryMiB: 1000, exclusive: false, ...changes });
export const team = (id: string, changes: Partial<Team> = {}): Team => ({ id, weight: 1, usage: 0, users: [], maxRuns: null, budgetPerDay: null, spentToday: 0, storage: null, ...changes });

type Asked = Partial<Request>;
/** Waits since `ago` ms. */
export function waiting(id: string, ofTeam: string, { ago = MINUTE, user = 'someone', priority = 0, ...asked }: { ago?: number; user?: string; priority?: number } & Asked = {}): WaitingRun {
  return { id, team: ofTeam, user, priority, request: request(asked), since: NOW - ago, place: NOW - ago, expectedMs: HOUR, guessed: false };
}
/** Runs since `ago` ms, and as long again. */
export function running(id: string, ofTeam: string, devices: string[], { ago = HOUR, ...changes }: { ago?: number } & Partial<Omit<RunningRun, 'request'>> & { request?: Asked } = {}): RunningRun {
  return {
    id, team: ofTeam, user: 'someone', priority: 0, guessed: false, devices, startedAt: NOW - ago, expectedEnd: NOW + ago, endsBy: null, leaving: false, aged: false, lentBy: null,
    ...changes, request: request({ devices: devices.length, ...changes.request }),
  };
}

export interface Scene {
  devices?: Device[];
  teams?: Team[];
  running?: RunningRun[];
  waiting?: WaitingRun[];
  promised?: WaitingRun[];
}

export function stateOf({ devices = [gpu('gpu-0')], teams, running = [], waiting = [], promised = [] }: Scene): State {
  const lines = new Lines();
  for (const run of waiting) lines.add(run);
  const named = [...new Set([...running, ...waiting].map(({ team }) => team))];
  return { now: NOW, devices, teams: teams ?? named.map((id) => team(id)), running, lines: lines.all(), promised };
}

/** In words: `start a on gpu-0`, `preempt b for a: share`. */
export function decided(scene: Scene, settings: Partial<Settings> = {}): string[] {
  return decide(stateOf(scene), { ...SETTINGS, ...settings }).map(inWords);
}

function inWords(decision: Decision): string {
  switch (decision.type) {
    case 'start':
      return `start ${decision.runId} on ${decision.devices.join(' and ')}${decision.lentBy === null ? '' : `, lent by ${decision.lentBy}`}`;
    case 'preempt':
      return `preempt ${decision.runId}${decision.for === null ? '' : ` for ${decision.for}`}: ${decision.why}`;
    case 'stop':
      return `stop ${decision.runId}: ${decision.why}`;
  }
}

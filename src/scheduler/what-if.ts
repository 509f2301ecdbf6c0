// What would let a run start now: the policy is asked again about a state in which the run asks for something else.
// Every answer but those to a quota that is spent is one that `decide` starts, with the run in its place in line.
import { Lines } from './lines.js';
import { nextDay } from './play.js';
import { isStarted } from './reasons.js';
import { isFull, isSpent, type Line, type Request, type Settings, type State, type Team, type WaitingRun } from './state.js';
import { devicesInWords, memoryInWords, storageInWords } from './words.js';

export interface WhatIfOptions {
  /** What it needs with another batch, where that is known. */
  batch?: { size: number; memoryOf(batchSize: number): number };
  /** What it needs on a CPU, where it can train there. */
  cpu?: { memoryMiB: number };
  /** Less memory than this part of what it asks for is not proposed: nothing trains in a sliver. Above 0 and below 1. */
  leastMemoryPart?: number;
}

export type Change =
  /** The most memory with which it starts. */
  | { type: 'memory'; memoryMiB: number; lessMiB: number }
  | { type: 'batch'; batchSize: number; memoryMiB: number; fraction: number }
  | { type: 'not_exclusive' }
  | { type: 'fewer_devices'; kind: Request['kind']; devices: number }
  | { type: 'cpu'; memoryMiB: number }
  /** The lowest with which it starts. */
  | { type: 'priority'; priority: number }
  /** Its team gets new device time at `at`, milliseconds since the epoch. */
  | { type: 'quota'; at: number }
  /** Its team's stored files take less by so many bytes, which makes room for one more. */
  | { type: 'storage'; bytes: number };

export interface WhatIf {
  change: Change;
  words: string;
}

export const HIGHEST_PRIORITY = 100;
const LEAST_MEMORY_PART = 1 / 8;
const HALVINGS = 6;
/** Numbers of devices that are tried. */
const FEWER = 8;

/**
 * At most 48 calls of `decide`: 1 as it is, 22 for memory (of up to 2 TiB), 6 for the batch, 1 not exclusive, 8 for
 * devices, 1 on the CPU, and 9 for the priority; none where no such run waits, one where it starts anyway.
 */
export function whatIf(state: State, settings: Settings, { runId, ...options }: { runId: string } & WhatIfOptions): WhatIf[] {
  const line = state.lines.find(({ runs }) => runs.some(({ id }) => id === runId));
  if (line === undefined || isStarted(state, settings, runId)) return [];
  const run = line.runs.find(({ id }) => id === runId)!;
  const starts = (changed: Partial<Pick<WaitingRun, 'priority'>> & { request?: Partial<Request> }) => isStarted(withRun(state, line, { ...run, ...changed, request: { ...run.request, ...changed.request } }), settings, runId);
  const question: Question = { run, starts, options };
  const team = state.teams.find(({ id }) => id === run.team);
  const spent = team === undefined ? [] : quotasSpent(team, state.now);
  const changes = spent.length > 0 ? spent : [lessMemory(question), smallerBatch(question), notExclusive(question), fewerDevices(question), onCpu(question), higherPriority(question)];
  return changes.filter((change) => change !== null).map((change) => ({ change, words: wordsOf(change) }));
}

/** What ends them; all of it has to happen. */
function quotasSpent(team: Team, now: number): Change[] {
  const { storage } = team;
  return [
    ...(storage !== null && isFull(team) ? [{ type: 'storage' as const, bytes: storage.bytes - storage.limitBytes + 1 }] : []),
    ...(isSpent(team) ? [{ type: 'quota' as const, at: nextDay(now) }] : []),
  ];
}

/** The state in which the run is as told; its own line is sorted again. */
function withRun(state: State, line: Line, run: WaitingRun): State {
  const lines = Lines.of([line]);
  lines.remove(line.runs.find(({ id }) => id === run.id)!);
  lines.add(run);
  return { ...state, lines: state.lines.map((one) => (one === line ? lines.all()[0]! : one)), promised: state.promised.map((one) => (one.id === run.id ? run : one)) };
}

interface Question {
  run: WaitingRun;
  starts(changed: Partial<Pick<WaitingRun, 'priority'>> & { request?: Partial<Request> }): boolean;
  options: WhatIfOptions;
}

/** Of the whole numbers from `good`, where it starts, to `bad`, where it does not: the last before it does not. */
function lastGood({ good, bad }: { good: number; bad: number }, isGood: (value: number) => boolean): number {
  let [low, high] = [good, bad];
  while (Math.abs(high - low) > 1) {
    const middle = Math.trunc((low + high) / 2);
    if (isGood(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function lessMemory({ run: { request }, starts, options }: Question): Change | null {
  const least = Math.max(1, Math.ceil(request.memoryMiB * (options.leastMemoryPart ?? LEAST_MEMORY_PART)));
  const isGood = (memoryMiB: number) => starts({ request: { memoryMiB } });
  if (least >= request.memoryMiB || !isGood(least)) return null;
  const memoryMiB = lastGood({ good: least, bad: Math.ceil(request.memoryMiB) }, isGood);
  return { type: 'memory', memoryMiB, lessMiB: request.memoryMiB - memoryMiB };
}

function smallerBatch({ run: { request }, starts, options: { batch } }: Question): Change | null {
  if (batch === undefined) return null;
  for (let halving = 1; halving <= HALVINGS; halving += 1) {
    const batchSize = Math.floor(batch.size / 2 ** halving);
    if (batchSize < 1) return null;
    const memoryMiB = batch.memoryOf(batchSize);
    // What needs as much as before does not start either.
    if (memoryMiB < request.memoryMiB && starts({ request: { memoryMiB } })) return { type: 'batch', batchSize, memoryMiB, fraction: 1 / 2 ** halving };
  }
  return null;
}

const notExclusive = ({ run: { request }, starts }: Question): Change | null => (request.exclusive && starts({ request: { exclusive: false } }) ? { type: 'not_exclusive' } : null);

function fewerDevices({ run: { request }, starts }: Question): Change | null {
  // All where they are few, else halves: large runs are rarely split in odd numbers.
  const numbers = request.devices <= FEWER + 1 ? Array.from({ length: request.devices - 1 }, (_, index) => request.devices - 1 - index) : Array.from({ length: FEWER }, (_, index) => Math.floor(request.devices / 2 ** (index + 1))).filter((count) => count >= 1);
  const devices = numbers.find((count) => starts({ request: { devices: count } }));
  return devices === undefined ? null : { type: 'fewer_devices', kind: request.kind, devices };
}

function onCpu({ run: { request }, starts, options: { cpu } }: Question): Change | null {
  if (cpu === undefined || request.kind === 'cpu') return null;
  return starts({ request: { kind: 'cpu', devices: 1, memoryMiB: cpu.memoryMiB } }) ? { type: 'cpu', memoryMiB: cpu.memoryMiB } : null;
}

/** Priority counts among the runs of one user only, so that it helps exactly where these go first. */
function higherPriority({ run, starts }: Question): Change | null {
  const isGood = (priority: number) => starts({ priority });
  if (run.priority >= HIGHEST_PRIORITY || !isGood(HIGHEST_PRIORITY)) return null;
  return { type: 'priority', priority: lastGood({ good: HIGHEST_PRIORITY, bad: run.priority }, isGood) };
}

function wordsOf(change: Change): string {
  switch (change.type) {
    case 'memory':
      return `with ${memoryInWords(change.lessMiB)} less memory`;
    case 'batch':
      return `with 1/${1 / change.fraction} of the batch (${change.batchSize})`;
    case 'not_exclusive':
      return 'if it shares its devices with others';
    case 'fewer_devices':
      return `on ${devicesInWords(change.devices, change.kind)}`;
    case 'cpu':
      return 'on the CPU';
    case 'priority':
      return `with priority ${change.priority}, before others of the same user`;
    case 'quota':
      return `with tomorrow's quota, at ${new Date(change.at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    case 'storage':
      return `with ${storageInWords(change.bytes)} less in its team's files`;
  }
}

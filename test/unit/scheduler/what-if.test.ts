// What would let a run start now.
import fc from 'fast-check';
import t from 'tap';
import { Lines } from '../../../src/scheduler/lines.js';
import { isStarted } from '../../../src/scheduler/reasons.js';
import { isFull, isSpent, type State, type WaitingRun } from '../../../src/scheduler/state.js';
import { whatIf, type Change, type WhatIfOptions } from '../../../src/scheduler/what-if.js';
import { eachState, scene, SETTINGS as QUICK } from './random-scenes.js';
import { gpu, HOUR, running, SETTINGS, stateOf, team, waiting, type Scene } from './scenes.js';

const two = [gpu('gpu-0'), gpu('gpu-1')];
const answers = (scene: Scene, options: WhatIfOptions = {}) => whatIf(stateOf(scene), SETTINGS, { runId: 'w', ...options }).map(({ words }) => words);
const held = (memoryMiB: number, changes: { exclusive?: boolean } = {}) => running('r', 'a', ['gpu-0'], { request: { memoryMiB, ...changes } });

t.test('less memory, or a smaller batch', async (t) => {
  const scene = { running: [held(300)], waiting: [waiting('w', 'a', { memoryMiB: 900 })] };
  t.strictSame(whatIf(stateOf(scene), SETTINGS, { runId: 'w' }), [{ change: { type: 'memory', memoryMiB: 700, lessMiB: 200 }, words: 'with 200 MiB less memory' }]);
  const memoryOf = (batchSize: number) => 500 + 6.25 * batchSize;
  t.strictSame(answers(scene, { batch: { size: 64, memoryOf } }), ['with 200 MiB less memory', 'with 1/2 of the batch (32)']);
  t.strictSame(answers({ ...scene, running: [held(400)] }, { batch: { size: 64, memoryOf } }), ['with 300 MiB less memory', 'with 1/4 of the batch (16)']);
  t.strictSame(answers({ ...scene, running: [held(950)] }, { batch: { size: 64, memoryOf } }), [], 'not with a sliver');
  t.strictSame(answers({ ...scene, running: [held(950)] }, { leastMemoryPart: 0.01 }), ['with 850 MiB less memory'], 'unless that is enough');
});

t.test('with others on its devices, on fewer, or elsewhere', async (t) => {
  t.strictSame(answers({ running: [held(300)], waiting: [waiting('w', 'a', { memoryMiB: 500, exclusive: true })] }), ['if it shares its devices with others']);
  t.strictSame(answers({ devices: [...two, gpu('gpu-2')], running: [held(900)], waiting: [waiting('w', 'a', { devices: 3, exclusive: true })] }), ['on 2 GPUs']);
  const devices = [gpu('gpu-0'), gpu('cpu', { kind: 'cpu', memoryMiB: 4000 })];
  t.strictSame(answers({ devices, running: [held(1000)], waiting: [waiting('w', 'a')] }, { cpu: { memoryMiB: 3000 } }), ['on the CPU']);
  t.strictSame(answers({ devices, running: [held(1000)], waiting: [waiting('w', 'a')] }, { cpu: { memoryMiB: 5000 } }), [], 'where it fits');
});

t.test('before others of its user', async (t) => {
  const w = waiting('w', 'a', { priority: 3 });
  t.strictSame(answers({ waiting: [w, waiting('x', 'a', { priority: 10, ago: HOUR })] }), ['with priority 11, before others of the same user']);
  t.strictSame(answers({ waiting: [w, waiting('x', 'a', { priority: 10, ago: 0 })] }), ['with priority 10, before others of the same user'], 'the older of equals is first');
  t.strictSame(answers({ waiting: [w, waiting('x', 'a', { user: 'another', ago: HOUR }), waiting('y', 'a', { user: 'another' })], teams: [team('a', { users: [{ id: 'someone', usage: HOUR, lastTurn: null }] })] }), [], 'not before those of others');
});

t.test('tomorrow', async (t) => {
  t.strictSame(answers({ teams: [team('a', { budgetPerDay: 0 })], waiting: [waiting('w', 'a')] }), ['with tomorrow\'s quota, at 1970-02-12 00:00 UTC']);
});

t.test('when there is room for files', async (t) => {
  const storage = { bytes: 3 * 2 ** 30, limitBytes: 2 ** 30 };
  t.strictSame(answers({ teams: [team('a', { storage })], waiting: [waiting('w', 'a')] }), ['with 2.1 GiB less in its team\'s files']);
  t.strictSame(answers({ teams: [team('a', { storage, budgetPerDay: 0 })], waiting: [waiting('w', 'a')] }), ['with 2.1 GiB less in its team\'s files', 'with tomorrow\'s quota, at 1970-02-12 00:00 UTC'], 'and time');
});

t.test('one that starts needs nothing, and of one that does not wait nothing is known', async (t) => {
  t.strictSame(answers({ waiting: [waiting('w', 'a')] }), []);
  t.strictSame(answers({ waiting: [] }), []);
});

/** The run after a change. */
function changed(run: WaitingRun, change: Change): WaitingRun {
  const asking = (request: Partial<WaitingRun['request']>) => ({ ...run, request: { ...run.request, ...request } });
  switch (change.type) {
    case 'memory':
    case 'batch':
      return asking({ memoryMiB: change.memoryMiB });
    case 'not_exclusive':
      return asking({ exclusive: false });
    case 'fewer_devices':
      return asking({ devices: change.devices });
    case 'cpu':
      return asking({ kind: 'cpu', devices: 1, memoryMiB: change.memoryMiB });
    case 'priority':
      return { ...run, priority: change.priority };
    case 'quota':
    case 'storage':
      return run;
  }
}

/** The state in which the run is as told; all get in line anew. */
function withRun(state: State, run: WaitingRun): State {
  const lines = new Lines();
  for (const one of state.lines.flatMap(({ runs }) => runs)) lines.add(one.id === run.id ? run : one);
  return { ...state, lines: lines.all(), promised: state.promised.map((one) => (one.id === run.id ? run : one)) };
}

t.test('every answer holds, and asks for no more than is needed', async (t) => {
  const seen = new Map<Change['type'], number>();
  let looked = 0;
  const check = (state: State, run: WaitingRun) => {
    const starts = (one: WaitingRun) => isStarted(withRun(state, one), QUICK, run.id);
    const { memoryMiB } = run.request;
    for (const { change } of whatIf(state, QUICK, { runId: run.id, batch: { size: 64, memoryOf: (size) => Math.ceil((memoryMiB * (size + 16)) / 80) }, cpu: { memoryMiB: 2 * memoryMiB } })) {
      seen.set(change.type, (seen.get(change.type) ?? 0) + 1);
      const of = state.teams.find(({ id }) => id === run.team)!;
      const quotas = { quota: isSpent(of), storage: isFull(of) };
      if (change.type === 'quota' || change.type === 'storage' ? !quotas[change.type] : !starts(changed(run, change))) throw new Error(`${run.id} does not start with ${JSON.stringify(change)}`);
      if (change.type === 'priority' && starts({ ...run, priority: change.priority - 1 })) throw new Error('a lower priority is enough');
      if (change.type === 'memory' && starts({ ...run, request: { ...run.request, memoryMiB: change.memoryMiB + 1 } })) throw new Error('more memory is no hindrance');
      if (change.type === 'fewer_devices' && change.devices + 1 < run.request.devices && starts({ ...run, request: { ...run.request, devices: change.devices + 1 } })) throw new Error('one more is no hindrance');
    }
  };
  fc.assert(
    fc.property(scene, (scene) => eachState(scene, (state) => {
      // All that wait behind one of their own that may start, and some of the others.
      for (const { runs } of state.lines) for (const run of runs) if (looked++ % 41 === 0 || (run !== runs[0] && isStarted(state, QUICK, runs[0]!.id))) check(state, run);
    })),
    { seed: 42, numRuns: 25 },
  );
  for (const type of ['memory', 'batch', 'not_exclusive', 'fewer_devices', 'cpu', 'priority', 'quota'] as const) t.ok((seen.get(type) ?? 0) > 0, `${type}: ${seen.get(type)}`);
});

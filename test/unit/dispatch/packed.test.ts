// What goes to the thread and comes back is what was sent.
import t from 'tap';
import type { OutlookAnswer, OutlookQuestion } from '../../../src/dispatch/outlook.js';
import { packAnswer, packQuestion, unpackAnswer, unpackQuestion } from '../../../src/dispatch/packed.js';
import { Lines } from '../../../src/scheduler/lines.js';
import { DEFAULT_SETTINGS, type WaitingRun } from '../../../src/scheduler/state.js';

const run = (id: string, changes: Partial<WaitingRun> = {}): WaitingRun => ({
  id, team: 'a', user: 'anna', priority: 0, since: 1, place: 1, guessed: false, expectedMs: 2.5, request: { kind: 'gpu', devices: 1, memoryMiB: 4_096, exclusive: false }, ...changes,
});

t.test('a question arrives as it was asked', async (t) => {
  const runs = [run('1'), run('2', { priority: 3, since: 7, place: 5, guessed: true }), run('3', { team: 'b', user: 'ben', request: { kind: 'cpu', devices: 2, memoryMiB: 1, exclusive: true } })];
  const lines = new Lines();
  for (const one of runs) lines.add(one);
  const question: OutlookQuestion = {
    state: { now: 9, devices: [], teams: [], running: [], lines: lines.all(), promised: [runs[1]!] },
    settings: DEFAULT_SETTINGS, one: { runId: '1', batch: null, cpuMiB: 4 },
  };
  t.same(unpackQuestion(structuredClone(packQuestion(question))), question);
});

t.test('an answer arrives as it was given', async (t) => {
  const answer: OutlookAnswer = {
    standings: [
      { runId: '1', position: 1, positionInTeam: 1, reason: { code: 'next', message: 'is next' }, likely: 5, earliest: 4, latest: null },
      { runId: '2', position: 2, positionInTeam: 1, reason: { code: 'impossible', message: 'fits nowhere' }, likely: null, earliest: null, latest: null },
    ],
    changes: [],
  };
  t.same(unpackAnswer(structuredClone(packAnswer(answer))), answer);
});

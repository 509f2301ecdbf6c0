// The verdict must see what it is there for: each test changes one thing of a run that is in order.
import t from 'tap';
import type { Outcome } from '../../chaos/outcome.js';
import { judgeRun, replay } from '../../chaos/verdict/run-verdict.js';
import type { RunEvent } from '../../../src/schemas/event.js';
import type { RunState } from '../../../src/portable/run-states.js';
import type { Run, RunReason } from '../../../src/schemas/run.js';

type Entry = { [K in RunEvent['kind']]: { kind: K; data: Extract<RunEvent, { kind: K }>['data'] } }[RunEvent['kind']];

const state = (to: RunState, attempt: number, more: { reason?: RunReason; step?: number; epoch?: number } = {}): Entry => ({ kind: 'state', data: { state: to, attempt, ...more } });
const metrics = (attempt: number, steps: number[], loss = steps.map((step) => 1 / step)): Entry => ({ kind: 'metrics', data: { attempt, epoch: 1, steps, series: { loss }, examplesPerSecond: 1 } });
const epoch = (attempt: number, number: number, step: number): Entry => ({ kind: 'epoch', data: { attempt, epoch: number, step, metrics: { val_loss: number / 10 }, examplesPerSecond: 1, durationMs: 1, best: true } });

const evaluation = (attempt: number, number: number, right = number): Entry => ({ kind: 'evaluation', data: { attempt, epoch: number, step: number * 2, split: 'test', labels: ['a'], confusionMatrix: [[right]], unpredictedCounts: [0], samples: [] } });

/** As the service would keep them: numbered, with the curves and the row that they make. */
function outcomeOf(entries: readonly Entry[], weights = 'abc'): Outcome {
  const events = entries.map((entry, index) => ({ seq: index + 1, at: new Date(index).toISOString(), ...entry }) as RunEvent);
  const states = events.filter((event) => event.kind === 'state');
  const transitions = states.map(({ at, data: { state: to, attempt, reason = null } }) => ({ state: to, attempt, reason, message: null, at }));
  const run = { id: 'a run', state: states.at(-1)?.data.state, reason: null, message: null, head: events.length, transitions } as unknown as Run;
  return { run, events, curves: replay(events), weights };
}

const BEGIN = [state('queued', 0), state('starting', 1), state('running', 1)];
const WHOLE = [...BEGIN, metrics(1, [1, 2]), epoch(1, 1, 2), metrics(1, [3, 4]), epoch(1, 2, 4), state('finalizing', 1), state('succeeded', 1)];
const RESUMED = [
  ...BEGIN, metrics(1, [1, 2, 3]), epoch(1, 1, 2),
  state('lost', 1, { reason: 'worker_lost' }), state('queued', 1, { reason: 'worker_lost' }), state('starting', 2, { step: 2, epoch: 0 }), state('running', 2),
  epoch(2, 1, 2), metrics(2, [3, 4]), epoch(2, 2, 4), state('finalizing', 2), state('succeeded', 2),
];
/** As RESUMED, from a state that was taken once the epoch was whole. */
const RESUMED_LATER = RESUMED.flatMap((entry) => (entry.kind === 'state' && entry.data.attempt === 2 && entry.data.state === 'starting' ? [state('starting', 2, { step: 2, epoch: 1 })] : entry.kind === 'epoch' && entry.data.attempt === 2 && entry.data.epoch === 1 ? [] : [entry]));
const reference = outcomeOf(WHOLE);
const judged = (outcome: Outcome, { seen = outcome.events, startsAtStake = 1 } = {}) => judgeRun({ outcome, seen, reference, startsAtStake });
const withEvaluations = (entries: readonly Entry[]) => entries.flatMap((entry) => (entry.kind === 'epoch' ? [entry, evaluation(entry.data.attempt, entry.data.epoch)] : [entry]));
const changed = <T>(items: readonly T[], at: number, item: T) => items.map((one, index) => (index === at ? item : one));

t.test('a run in order, and one that was interrupted, are sound', async (t) => {
  t.strictSame(judged(outcomeOf(WHOLE), { startsAtStake: 0 }), []);
  t.strictSame(judged(outcomeOf(RESUMED)), []);
  t.strictSame(judged(outcomeOf(RESUMED_LATER)), []);
});

t.test('an evaluation that is missing, or another one, is seen', async (t) => {
  const inOrder = { reference: outcomeOf(withEvaluations(WHOLE)), startsAtStake: 1 };
  const judgedNow = (entries: readonly Entry[]) => {
    const outcome = outcomeOf(entries);
    return judgeRun({ ...inOrder, outcome, seen: outcome.events });
  };
  for (const entries of [WHOLE, RESUMED, RESUMED_LATER]) t.strictSame(judgedNow(withEvaluations(entries)), [], 'none is void, or it is made again');
  const whole = withEvaluations(WHOLE);
  t.match(judgedNow(whole.filter((_, index) => index !== 5)), [/^its evaluations are those of epochs 2,/]);
  t.match(judgedNow(changed(whole, 5, evaluation(1, 1, 7))), [/^its evaluations are those of epochs 1, 2, and the 1\./]);
});

t.test('a start that was lost without a cause is seen', async (t) => {
  t.match(judged(outcomeOf(RESUMED), { startsAtStake: 0 }), ['it lost 1 starts, where 0 were at stake']);
});

t.test('a run that did not succeed is seen', async (t) => {
  t.match(judged(outcomeOf([...WHOLE.slice(0, -1), state('failed', 1)])), [/^it is failed/]);
});

t.test('a gap in the log, a number twice, and a head that is not the last are seen', async (t) => {
  const { run, events, ...rest } = outcomeOf(WHOLE);
  t.match(judged({ ...rest, run, events: events.filter(({ seq }) => seq !== 4) })[0], 'event 5 stands at place 4 of its log');
  t.match(judged({ ...rest, run, events: changed(events, 3, { ...(events[3] as RunEvent), seq: 3 }) })[0], 'event 3 stands at place 4 of its log');
  t.match(judged({ ...rest, events, run: { ...run, head: 12 } }), ['its log has 9 events, its head is 12']);
});

t.test('events of an attempt that does not hold the run are seen', async (t) => {
  const late = [...RESUMED.slice(0, 9), metrics(1, [4]), ...RESUMED.slice(9)];
  t.match(judged(outcomeOf(late)).filter((text) => text.includes('written while attempt 2 held the run')), { length: 1 });
});

t.test('states that the log and the row tell differently are seen', async (t) => {
  const { run, ...rest } = outcomeOf(WHOLE);
  t.match(judged({ ...rest, run: { ...run, transitions: run.transitions.slice(1) } }), [/^its log tells the states/]);
});

t.test('what the watcher missed, got twice or got otherwise is seen', async (t) => {
  const outcome = outcomeOf(WHOLE);
  const { events } = outcome;
  for (const seen of [events.slice(0, -1), events.slice(1), [...events, ...events.slice(-1)], changed(events, 3, { ...(events[3] as RunEvent), at: 'later' })]) {
    t.match(judged(outcome, { seen }), [/^its watcher saw/]);
  }
});

t.test('a point that is missing, doubled, or off by a bit is seen, in the curves and in the events', async (t) => {
  const bitOff = [1 / 3, 1 / 4 + Number.EPSILON / 4];
  for (const [what, entry] of Object.entries({ missing: metrics(1, [3]), doubled: metrics(1, [3, 4, 4]), off: metrics(1, [3, 4], bitOff) })) {
    t.match(judged(outcomeOf(changed(WHOLE, 5, entry))), [/^its curves: batch\/loss/], what);
  }
  t.match(judged(outcomeOf(WHOLE.filter((_, index) => index !== 6))), [/^its curves: epoch\/val_loss/], 'an epoch');
  const { curves, ...rest } = outcomeOf(WHOLE);
  t.match(judged({ ...rest, events: outcomeOf(changed(WHOLE, 5, metrics(1, [3]))).events, curves }), [/^the curves that its events make up: batch\/loss/]);
});

t.test('other weights are seen, and none', async (t) => {
  t.match(judged(outcomeOf(WHOLE, 'abd')), ['its weights are abd instead of abc']);
  t.match(judged({ ...outcomeOf(WHOLE), weights: null }), ['its weights are not there instead of abc']);
});

// What must be true of a run that trained through faults, whatever they were. Pure: told what was seen, it answers
// what is wrong, one sentence each.
import { isDeepStrictEqual } from 'node:util';
import { standingEvaluations } from '../../../src/live/event-log.js';
import type { RunEvent } from '../../../src/schemas/event.js';
import type { MetricPoints } from '../../../src/schemas/metric.js';
import type { MetricValue, Run } from '../../../src/schemas/run.js';
import type { Outcome } from '../outcome.js';

export interface Judged {
  outcome: Outcome;
  /** What its watcher got over its connections. */
  seen: readonly RunEvent[];
  /** The same spec, uninterrupted. */
  reference: Outcome;
  /** How many starts it may have lost. */
  startsAtStake: number;
}

export function judgeRun({ outcome, seen, reference, startsAtStake }: Judged): string[] {
  const { run, events, curves, weights } = outcome;
  return [
    ...(run.state === 'succeeded' ? [] : [`it is ${run.state} (${run.reason ?? 'no reason'}: ${run.message ?? ''})`]),
    ...(lostStarts(run) <= startsAtStake ? [] : [`it lost ${lostStarts(run)} starts, where ${startsAtStake} were at stake`]),
    ...judgeLog(outcome),
    ...sameEvents(events, seen),
    ...sameCurves('its curves', curves, reference.curves),
    ...sameCurves('the curves that its events make up', replay(events), curves),
    ...sameEvaluations(events, reference.events),
    ...(weights === reference.weights ? [] : [`its weights are ${weights ?? 'not there'} instead of ${reference.weights ?? 'none'}`]),
  ];
}

/** Not `retries`, which begins anew when a run is resumed. */
function lostStarts({ transitions }: Run): number {
  return transitions.filter(({ state, reason }) => state === 'queued' && (reason === 'trainer_lost' || reason === 'worker_lost')).length;
}

/** The log alone: numbered without a gap, one attempt after the other, and in step with the run's row. */
export function judgeLog({ run, events }: Pick<Outcome, 'run' | 'events'>): string[] {
  const faults: string[] = [];
  const misplaced = events.findIndex(({ seq }, index) => seq !== index + 1);
  if (misplaced >= 0) faults.push(`event ${events[misplaced]?.seq} stands at place ${misplaced + 1} of its log`);
  if (events.length !== run.head) faults.push(`its log has ${events.length} events, its head is ${run.head}`);
  const states = events.filter((event) => event.kind === 'state').map(({ data }) => `${data.state} ${data.attempt}`);
  const transitions = run.transitions.map(({ state, attempt }) => `${state} ${attempt}`);
  if (states.join() !== transitions.join()) faults.push(`its log tells the states ${states.join(', ')}; its row ${transitions.join(', ')}`);
  let attempt = 0;
  for (const event of events) {
    if (event.kind === 'state') attempt = event.data.attempt;
    else if ('attempt' in event.data && event.data.attempt !== attempt) faults.push(`event ${event.seq} (${event.kind}) is of attempt ${event.data.attempt}, written while attempt ${attempt} held the run`);
  }
  return faults;
}

function sameEvents(events: readonly RunEvent[], seen: readonly RunEvent[]): string[] {
  // The database has an order of its own for the keys of an object.
  const different = events.findIndex((event, index) => !isDeepStrictEqual(event, seen[index]));
  if (different >= 0) return [`its watcher saw ${JSON.stringify(seen[different] ?? null)} where the log has ${JSON.stringify(events[different])}`];
  return seen.length === events.length ? [] : [`its watcher saw ${seen.length} events, the log has ${events.length}`];
}

/** To the bit, and each point once. */
export function sameCurves(what: string, curves: Record<string, MetricPoints>, expected: Record<string, MetricPoints>): string[] {
  const keys = [...new Set([...Object.keys(curves), ...Object.keys(expected)])].sort();
  return keys.flatMap((key) => {
    const [{ steps, values }, wanted] = [curves[key] ?? NONE, expected[key] ?? NONE];
    const different = Array.from({ length: Math.max(steps.length, wanted.steps.length) }).findIndex((_, index) => steps[index] !== wanted.steps[index] || !Object.is(values[index], wanted.values[index]));
    if (different < 0) return [];
    return [`${what}: ${key} has ${point(steps[different], values[different])} at place ${different + 1} instead of ${point(wanted.steps[different], wanted.values[different])} (${steps.length} points, ${wanted.steps.length} expected)`];
  });
}

const NONE: MetricPoints = { steps: [], values: [] };
const point = (step: number | undefined, value: MetricValue | undefined) => (step === undefined ? 'nothing' : `${step}: ${value}`);

/** Those that stand, whichever attempt made them. */
function sameEvaluations(events: readonly RunEvent[], expected: readonly RunEvent[]): string[] {
  const standing = (log: readonly RunEvent[]) => {
    const entries = log.flatMap(({ kind, seq, data }) => (kind === 'evaluation' || (kind === 'state' && data.state === 'starting') ? [{ kind, seq, epoch: data.epoch ?? 0 }] : []));
    return standingEvaluations(entries).map(({ epoch, seq }) => ({ epoch, evaluation: { ...log.find((event) => event.seq === seq)?.data, attempt: 0 } }));
  };
  const [found, wanted] = [standing(events), standing(expected)];
  const different = Array.from({ length: Math.max(found.length, wanted.length) }).findIndex((_, index) => !isDeepStrictEqual(found[index], wanted[index]));
  return different < 0 ? [] : [`its evaluations are those of epochs ${found.map(({ epoch }) => epoch).join(', ')}, and the ${different + 1}. is not the expected one of epoch ${wanted[different]?.epoch ?? 'none'}`];
}

/** The curves as a client draws them from the events alone: a start that goes on from a step and an epoch makes void what came after them. */
export function replay(events: readonly RunEvent[]): Record<string, MetricPoints> {
  const curves = new Map<string, { at: number; value: MetricValue }[]>();
  const add = (key: string, at: number, value: MetricValue) => curves.set(key, [...(curves.get(key) ?? []), { at, value }]);
  for (const { kind, data } of events) {
    if (kind === 'state' && data.state === 'starting') {
      const { step = 0, epoch = 0 } = data;
      for (const [key, points] of curves) curves.set(key, points.filter(({ at }) => at <= (key.startsWith('epoch/') ? epoch : step)));
    } else if (kind === 'metrics') {
      for (const [name, values] of Object.entries(data.series)) values.forEach((value, index) => add(`batch/${name}`, data.steps[index] ?? NaN, value));
    } else if (kind === 'epoch') {
      for (const [name, value] of Object.entries(data.metrics)) add(`epoch/${name}`, data.epoch, value);
    }
  }
  return Object.fromEntries([...curves].map(([key, points]) => [key, { steps: points.map(({ at }) => at), values: points.map(({ value }) => value) }]));
}

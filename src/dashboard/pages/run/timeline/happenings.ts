// What happened to a run, on the axis of its curves: the phases that it was in, and single moments. Knows no screen.
import type { RunState } from '../../../api/types.js';
import type { Mark } from '../../../charts/paint.js';
import { count, plain, sentence, words } from '../../../lib/format.js';
import { numberOf } from '../../../lib/number-of.js';
import type { Notice } from '../../../live/run-record.js';

/** A line of the log is none: there are too many. */
export type Event = Exclude<Notice, { kind: 'log' }>;
export const isEvent = (notice: Notice): notice is Event => notice.kind !== 'log';

export interface Happening {
  seq: number;
  at: string;
  place: number;
  tone: Event['kind'];
  text: string;
}

export interface Phase {
  state: RunState;
  from: number;
  to: number;
}

/** Where a moment stands on the axis, given the step at it where that is known. */
export type PlaceOf = (timeMs: number, step?: number) => number;

export const happeningsOf = (events: readonly Event[], placeOf: PlaceOf): Happening[] =>
  events.map((event) => ({ seq: event.seq, at: event.at, place: placeOf(Date.parse(event.at), stepOf(event)), tone: event.kind, text: textOf(event) }));

/** From each state to the next; the last one has no end yet. */
export function phasesOf(events: readonly Event[], placeOf: PlaceOf): Phase[] {
  const states = events.flatMap((event) => (event.kind === 'state' ? [{ state: event.data.state, from: placeOf(Date.parse(event.at), stepOf(event)) }] : []));
  return states.map(({ state, from }, at) => ({ state, from, to: Math.max(from, states[at + 1]?.from ?? from) }));
}

/** The same where the last one goes on to `end`. */
export const endingAt = (phases: readonly Phase[], end: number): Phase[] => phases.map((phase, at) => (at === phases.length - 1 ? { ...phase, to: Math.max(phase.from, end) } : phase));

/** What changes how one reads the curves, within an axis that ends at `end`. */
export const marksOf = (happenings: readonly Happening[], end: number): Mark[] => happenings.filter(({ tone, place }) => tone !== 'checkpoint' && place > 0 && place < end);

const TICKS = 1000;

/** Ticks for a track from one place to another: of those that nobody could tell apart, the last of each kind. */
export function ticksOf(happenings: readonly Happening[], [from, to]: readonly [number, number]): Happening[] {
  const seen = new Map<string, Happening>();
  for (const one of happenings) if (one.place >= from && one.place <= to) seen.set(`${one.tone} ${Math.round(((one.place - from) / (to - from)) * TICKS)}`, one);
  return [...seen.values()];
}

/** Those within reach of a place, the nearest first. */
export const near = (happenings: readonly Happening[], place: number, reach: number): Happening[] =>
  happenings.filter((one) => Math.abs(one.place - place) <= reach).sort((a, b) => Math.abs(a.place - place) - Math.abs(b.place - place) || b.seq - a.seq);

/** The phase at a place; null before the first. */
export const phaseAt = (phases: readonly Phase[], place: number): Phase | null => phases.findLast(({ from }) => from <= place) ?? null;

export function stepOf({ kind, data }: Event): number | undefined {
  return kind === 'checkpoint' ? data.step : kind === 'state' ? data.step : undefined;
}

/** In words for people. */
export function textOf(event: Event): string {
  if (event.kind === 'warning') return `${sentence(words(event.data.code))}: ${event.data.message}`;
  if (event.kind === 'checkpoint') {
    const { kind, epoch, step, metrics } = event.data;
    const loss = metrics.val_loss ?? metrics.loss;
    return kind === 'final' ? `The model of epoch ${count(epoch)} is kept${loss === undefined ? '' : `, with a loss of ${plain(numberOf(loss))}`}.` : `Its state is kept at step ${count(step)}.`;
  }
  const { state, reason, message, attempt } = event.data;
  return [sentence(state), attempt > 1 && state === 'starting' ? `attempt ${attempt}` : null, reason === undefined ? null : words(reason), message ?? null].filter(Boolean).join(', ');
}

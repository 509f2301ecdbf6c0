// What a curve is drawn over: steps, epochs, or the time since its run started.
import { count, duration } from '../lib/format.js';

export const AXES = ['step', 'epoch', 'time'] as const;
export type AxisKind = (typeof AXES)[number];

export interface RunScale {
  stepsPerEpoch: number;
  /** Seconds from the start to a step. */
  secondsAt(step: number): number;
}

/**
 * Where points stand. A training value by epoch is a mean over the epoch, so it stands in its middle; validation comes
 * at the end.
 */
export function placeOn(axis: AxisKind, kind: 'batch' | 'train' | 'validation', { stepsPerEpoch, secondsAt }: RunScale): (at: number) => number {
  const stepOf = kind === 'batch' ? (step: number) => step : kind === 'train' ? (epoch: number) => (epoch - 0.5) * stepsPerEpoch : (epoch: number) => epoch * stepsPerEpoch;
  if (axis === 'step') return stepOf;
  return axis === 'epoch' ? (at) => stepOf(at) / stepsPerEpoch : (at) => secondsAt(stepOf(at));
}

/** How a place on the axis reads. */
export function formatPlace(axis: AxisKind, place: number): string {
  if (axis === 'time') return duration(place * 1000);
  return axis === 'step' ? count(Math.round(place)) : String(Number(place.toFixed(2)));
}

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7];
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const SECONDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE), ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR), ...[1, 2, 5, 10, 20].map((days) => days * DAY)];

/** How far apart the marks of an axis may stand: as people count. */
export const incrementsOf = (axis: AxisKind): number[] => (axis === 'time' ? SECONDS : WHOLE);

/** What the marks of an axis say: shorter than places between them, and the same thing only once. */
export function tickTexts(axis: AxisKind, places: readonly number[]): string[] {
  const texts = places.map((place) => (axis === 'time' ? formatPlace(axis, place).replace(/ 00? \w+$|\.0(?= )/, '') : formatPlace(axis, place)));
  return texts.map((text, at) => (text === texts[at - 1] ? '' : text));
}

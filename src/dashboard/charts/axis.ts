// What a curve is drawn over: steps, epochs, or the time since its run started.
import { count, duration } from '../lib/format.js';

export const AXES = ['step', 'epoch', 'time'] as const;
export type AxisKind = (typeof AXES)[number];

export const AXIS_NAMES: Record<AxisKind, string> = { step: 'step', epoch: 'epoch', time: 'time' };

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

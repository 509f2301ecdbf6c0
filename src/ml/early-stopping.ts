// When to stop, as a pure reducer over epochs: Keras' EarlyStopping
// (https://keras.io/api/callbacks/early_stopping/), epoch for epoch.
import type { Callback } from '../schemas/optimization.js';
import { isImprovement, type Direction } from './monitor.js';

export type EarlyStopping = Extract<Callback, { type: 'earlyStopping' }>;

export interface StoppingState {
  best: number | null;
  /** Counts from 1; null before any watched epoch. */
  bestEpoch: number | null;
  /** Watched epochs since the last that counted. */
  wait: number;
  stop: boolean;
  /** Whether the weights after this epoch are the best so far, so worth keeping. */
  keep: boolean;
}

export const STOPPING_START: StoppingState = { best: null, bestEpoch: null, wait: 0, stop: false, keep: false };

/**
 * The state after `epoch` (from 1 on) whose monitored metric was `value`. An epoch that is best but not
 * better than the baseline is kept without resetting the wait; the first epoch never stops.
 */
export function stoppingAfterEpoch(
  state: StoppingState,
  { epoch, value }: { epoch: number; value: number },
  { callback, direction }: { callback: EarlyStopping; direction: Direction },
): StoppingState {
  const { minDelta = 0, patience = 0, baseline, startFromEpoch = 0 } = callback;
  if (epoch - 1 < startFromEpoch) return { ...state, keep: false };
  const wait = state.wait + 1;
  if (isImprovement(value, state.best, { direction, minDelta })) {
    const counts = baseline === undefined || isImprovement(value, baseline, { direction, minDelta });
    return { best: value, bestEpoch: epoch, wait: counts ? 0 : wait, stop: false, keep: true };
  }
  // Before any best, the weights at hand are all there is, also after a NaN.
  const isFirst = state.bestEpoch === null;
  return { ...state, bestEpoch: isFirst ? epoch : state.bestEpoch, wait, stop: wait >= patience && epoch > 1, keep: isFirst };
}

// Where a training run is between two batches: everything that it continues from, so that what follows is what would
// have followed without a break.
import type { StoppingState } from './early-stopping.js';
import type { EngineState, StoredTensor } from './engines/engine.js';
import type { EpochSums } from './epoch-metrics.js';
import type { PlateauState } from './schedule.js';

export interface CallbackState {
  /** One for each early stopping of the spec, in its order. */
  stoppers: readonly { state: StoppingState; weights: readonly StoredTensor[] | null }[];
  plateau: PlateauState;
  best: { epoch: number | null; value: number | null };
}

export interface TrainState {
  engine: EngineState;
  /** Epochs that were asked for when it was taken. */
  epochs: number;
  /** The epoch under way, from 1 on, and how many of its batches are done; one more than `epochs` after the last. */
  epoch: number;
  batches: number;
  /** Sums over the epoch's batches so far, and the milliseconds that they took. */
  sums: EpochSums;
  elapsedMs: number;
  callbacks: CallbackState;
  /** Metrics of the epochs that are whole. */
  history: readonly Readonly<Record<string, number>>[];
}

/** Whose weights a run keeps that ends with these: the first that stopped it, else the first that has any. */
export function keeperOf<S extends CallbackState['stoppers'][number]>(stoppers: readonly S[]): S | undefined {
  const keepers = stoppers.filter(({ weights }) => weights !== null);
  return keepers.find(({ state }) => state.stop) ?? keepers[0];
}

/** The weights as they are; of a run that had come to its end, those of its model. */
export function keptWeights({ engine, epoch, epochs, callbacks: { stoppers } }: TrainState): readonly StoredTensor[] {
  const hasEnded = epoch > epochs || stoppers.some(({ state }) => state.stop);
  return (hasEnded ? keeperOf(stoppers)?.weights : null) ?? engine.weights;
}

/** The reason of an abort after which the run is to be gone on with. */
export const PAUSE = 'pause';

/** When a run is written down. What is absent is never due. */
export interface CheckpointPolicy {
  everySteps?: number | undefined;
  everySeconds?: number | undefined;
  everyEpochs?: number | undefined;
}

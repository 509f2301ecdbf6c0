// What training says while it runs. `train()` yields these; it never prints, persists or publishes.
import type { Evaluation } from './evaluation.js';
import type { TrainState } from './train-state.js';

/** A block of consecutive steps. All arrays have one entry a step; values may be NaN or infinite. */
export interface StepsReport {
  type: 'steps';
  epoch: number;
  /** Steps from 1 on, over the whole run. */
  steps: number[];
  /** `loss`, `learning_rate` and the spec's metrics, by Keras name (`accuracy`, `mean_squared_error`). */
  series: Record<string, number[]>;
  examplesPerSecond: number;
}

export interface EpochReport {
  type: 'epoch';
  /** Counts from 1. */
  epoch: number;
  /** Steps done so far. */
  step: number;
  /** `loss`, metrics, `val_loss`, `val_*` and `learning_rate` (that of the epoch's last step). */
  metrics: Record<string, number>;
  examplesPerSecond: number;
  /** Wall time of the epoch with its validation, in milliseconds. */
  durationMs: number;
  /** What a classifier said of the validation examples, in the epochs that tell it (`isEvaluationTold`) and in the last one. */
  evaluation?: Evaluation | undefined;
  /** Whether this epoch is the best so far by the monitor (early stopping's, else val_loss, else loss). */
  best: boolean;
}

/** Of an earlier epoch that had not told its own: that whose weights are kept. */
export interface EvaluationReport {
  type: 'evaluation';
  epoch: number;
  /** Steps done after it. */
  step: number;
  evaluation: Evaluation;
}

export interface PhaseReport {
  type: 'phase';
  phase: 'training' | 'validating';
  epoch: number;
}

export interface WarningReport {
  type: 'warning';
  code: string;
  message: string;
}

/** The state between two batches, to be kept by whoever reads the reports. The loop goes on meanwhile. */
export interface CheckpointReport {
  type: 'checkpoint';
  /** Epochs that are whole. */
  epoch: number;
  step: number;
  /** Of the last whole epoch. */
  metrics: Record<string, number>;
  state: TrainState;
}

/** The last report. The session then holds the weights to keep; after a pause, those of the last batch. */
export interface EndReport {
  type: 'end';
  reason: 'completed' | 'early_stopped' | 'cancelled' | 'paused';
  epochs: number;
  steps: number;
  bestEpoch: number | null;
  /** The epoch whose weights the session holds: the best where an early stopping puts its weights back, else the last. */
  keptEpoch: number;
  /** Of the epoch whose weights are kept. */
  metrics: Record<string, number>;
}

export type TrainReport = StepsReport | EpochReport | EvaluationReport | PhaseReport | WarningReport | CheckpointReport | EndReport;

/** Thrown by `train()` when a loss is NaN or infinite. */
export class NonFiniteLossError extends Error {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;

  constructor(at: { step: number; epoch: number; loss: number }) {
    super(`loss became ${at.loss} at step ${at.step} (epoch ${at.epoch})`);
    this.name = 'NonFiniteLossError';
    this.step = at.step;
    this.epoch = at.epoch;
    this.loss = at.loss;
  }
}

// The contract between the training loop and whatever computes the steps. An engine is created for one
// run, is given the data once, and is then told which examples to train on and at which learning rate.
// It owns weights, optimizer slots and their memory; the loop owns order, schedule, callbacks and reports.
import type { Backend, LossName, MetricName, Preprocessing } from '../../schemas/spec.js';
import type { Optimizer } from '../../schemas/optimization.js';
import type { Graph, Shape } from '../graph.js';

export interface EngineSpec {
  graph: Graph;
  inputShape: Shape;
  /** Number of classes of the data set, or null for a regression target. */
  classCount: number | null;
  preprocessing: readonly Preprocessing[];
  optimizer: Optimizer;
  loss: { type: LossName; fromLogits: boolean };
  metrics: readonly MetricName[];
  seed: number;
  /**
   * Parts that each batch is computed in, one after the other, so that activations of one part at a time need memory; 1
   * when absent. The step is that of the whole batch all the same: one update by the gradient of its mean loss, with the
   * same dropout masks. Only batch normalization sees parts: it normalizes each by itself, and moves its averages once
   * for each.
   */
  gradientAccumulationSteps?: number | undefined;
}

/** Stored examples. `x` holds `count` examples of `shape`, row-major, raw (before preprocessing). */
export interface Examples {
  x: Uint8Array | Float32Array;
  /** Class indices `[count]`, or targets `[count, ...]` row-major. */
  y: Uint8Array | Int32Array | Float32Array;
  count: number;
  shape: Shape;
}

export interface TrainBatch {
  /** Rows of the training examples, `[batch]`. */
  indices: Int32Array;
  /** Counts from 0 over the whole run; with the seed it determines the dropout masks. */
  step: number;
  epoch: number;
  learningRate: number;
}

/** `loss` includes regularization penalties, as in Keras; `metrics` are means over the batch. NaN is a value. */
export interface BatchResult {
  loss: number;
  metrics: Record<string, number>;
}

export interface StoredTensor {
  name: string;
  shape: readonly number[];
  dtype: 'float32' | 'int32';
  data: Float32Array | Int32Array;
}

/** Everything that training continues from. */
export interface EngineState {
  weights: StoredTensor[];
  optimizer: StoredTensor[];
  /** Steps applied so far. */
  step: number;
}

/** A TF.js LayersModel as files: `model.json` and one weight file, loadable by plain TF.js. */
export interface ModelFiles {
  modelJson: Record<string, unknown>;
  weightData: Uint8Array;
}

export interface EvaluateOptions {
  /** After each batch, or a few of them. May throw to stop. */
  onBatch?: (() => Promise<void>) | undefined;
  /** Is given the model's outputs of the split's examples in their order: those from example `from` on, row-major `[count, ...outputShape]`. */
  onOutputs?: ((outputs: Float32Array, from: number) => void) | undefined;
}

export interface EngineSession {
  readonly engine: 'eager' | 'compiled';
  /** Of TF.js, or the provider of a compiled graph. */
  readonly backend: Backend | 'cuda';
  /** Of the model's output, without the batch axis. */
  readonly outputShape: readonly number[];
  /** Steps that one `train` call should hold; the loop may give fewer. */
  readonly blockSize: number;
  /** Hands over the data; the engine may copy it to a device. */
  bind(split: 'train' | 'validation', examples: Examples): void;
  /** Bytes in tensors, as far as the engine knows. */
  tensorBytes(): number;
  /** Applies one optimizer step for each batch, in order. */
  train(batches: readonly TrainBatch[]): Promise<BatchResult[]>;
  /** Mean loss and metrics over a bound split, without dropout and with moving averages. */
  evaluate(split: 'train' | 'validation', batchSize: number, options?: EvaluateOptions): Promise<BatchResult>;
  /** Model outputs for raw examples, row-major `[count, ...outputShape]`. */
  predict(x: Uint8Array | Float32Array, count: number): Promise<Float32Array>;
  getState(): Promise<EngineState>;
  /** @throws if names or shapes do not fit. */
  setState(state: EngineState): void;
  /** Weights alone, for keeping the best ones. */
  getWeights(): Promise<StoredTensor[]>;
  setWeights(weights: readonly StoredTensor[]): void;
  save(): Promise<ModelFiles>;
  /** Frees all tensors; a second call does nothing. */
  dispose(): void;
}

export type CreateEngine = (spec: EngineSpec) => Promise<EngineSession>;

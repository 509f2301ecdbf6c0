// A LayersModel trained step by step on the current TF.js backend. It defines what the other engines must
// compute. Nothing here waits for numbers inside a block, so that a device can run ahead.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Backend } from '../../../schemas/spec.js';
import type { DropoutClock } from '../../dropout.js';
import { elementsOf } from '../../graph-types.js';
import { snakeCase } from '../../graph-types.js';
import { lossFunction, metricFunction, type BatchFunction } from '../../metrics.js';
import { buildModel } from '../../model.js';
import { saveModel } from '../../model-files.js';
import type { BatchResult, EngineSession, EngineSpec, EngineState, Examples, ModelFiles, StoredTensor, TrainBatch } from '../engine.js';
import { BatchSource, range } from './batches.js';
import { createOptimizer, type Optimizer } from './optimizers.js';
import { readVariables, writeVariables, type NamedVariable } from './weights.js';

/** Steps between two fetches of numbers. A slow backend reports each step; others wait for the device less often. */
const BLOCK_SIZES = { tensorflow: 32, webgpu: 32, wasm: 16, cpu: 1 } as const satisfies Record<Backend, number>;
const PREDICT_BATCH = 256;

export class EagerSession implements EngineSession {
  readonly engine = 'eager';
  readonly backend: Backend;
  readonly blockSize: number;
  readonly #spec: EngineSpec;
  readonly #clock: DropoutClock;
  readonly #model: tfl.LayersModel;
  readonly #weights: NamedVariable[];
  readonly #trainable: NamedVariable[];
  readonly #optimizer: Optimizer;
  readonly #source: BatchSource;
  readonly #loss: BatchFunction;
  readonly #metrics: { name: string; compute: BatchFunction }[];
  readonly #bound: { train?: Examples; validation?: Examples } = {};
  #step = 0;
  #isDisposed = false;

  /** @throws Error when TF.js cannot build the model or nothing in it can be trained. */
  constructor(spec: EngineSpec) {
    this.backend = tf.getBackend() as Backend;
    this.blockSize = BLOCK_SIZES[this.backend] ?? 1;
    this.#spec = spec;
    this.#clock = { seed: spec.seed, step: 0 };
    this.#model = buildModel(spec.graph, { inputShape: spec.inputShape, seed: spec.seed, clock: this.#clock });
    const named = (variable: tfl.LayerVariable): NamedVariable => ({ name: variable.originalName, variable: variable.read() as tf.Variable });
    this.#weights = this.#model.weights.map(named);
    this.#trainable = this.#model.trainableWeights.map(named);
    if (this.#trainable.length === 0) throw new Error('the model has no weights to train');
    this.#optimizer = createOptimizer(spec.optimizer, this.#trainable);
    this.#source = new BatchSource(spec, this.#outputShape());
    this.#loss = lossFunction(spec.loss);
    this.#metrics = spec.metrics.map((metric) => ({
      name: snakeCase(metric),
      compute: metricFunction(metric, spec.loss, this.#source.isClassTarget),
    }));
  }

  bind(split: 'train' | 'validation', examples: Examples): void {
    this.#source.check(examples);
    this.#bound[split] = examples;
  }

  async train(batches: readonly TrainBatch[]): Promise<BatchResult[]> {
    const examples = this.#examples('train');
    return this.#fetch(batches.map((batch) => this.#trainStep(examples, batch)));
  }

  async evaluate(split: 'train' | 'validation', batchSize: number, onBatch?: () => Promise<void>): Promise<BatchResult> {
    const examples = this.#examples(split);
    const sums = new Float64Array(1 + this.#metrics.length);
    let pending: { numbers: tf.Tensor1D; count: number }[] = [];
    const drain = async (): Promise<void> => {
      const results = pending;
      pending = [];
      const rows = await this.#rows(results.map(({ numbers }) => numbers));
      rows.forEach((row, i) => row.forEach((value, j) => (sums[j]! += value * results[i]!.count)));
    };
    try {
      for (let start = 0; start < examples.count; start += batchSize) {
        const count = Math.min(batchSize, examples.count - start);
        pending.push({ numbers: this.#evaluateBatch(examples, range(start, count)), count });
        if (pending.length >= this.blockSize) await drain();
        await onBatch?.();
      }
      await drain();
    } finally {
      tf.dispose(pending.map(({ numbers }) => numbers));
    }
    return this.#result(sums.map((sum) => sum / examples.count));
  }

  async predict(x: Uint8Array | Float32Array, count: number): Promise<Float32Array> {
    const size = elementsOf(this.#outputShape());
    const out = new Float32Array(count * size);
    for (let start = 0; start < count; start += PREDICT_BATCH) {
      const rows = range(start, Math.min(PREDICT_BATCH, count - start));
      const output = tf.tidy(() => this.#apply(this.#source.inputs(x, rows), { training: false }));
      out.set((await output.data()) as Float32Array, start * size);
      output.dispose();
    }
    return out;
  }

  async getState(): Promise<EngineState> {
    const [weights, optimizer] = await Promise.all([this.getWeights(), readVariables(this.#optimizer.slots)]);
    return { weights, optimizer, step: this.#step };
  }

  setState(state: EngineState): void {
    this.setWeights(state.weights);
    writeVariables(this.#optimizer.slots, state.optimizer);
    this.#step = state.step;
  }

  getWeights(): Promise<StoredTensor[]> {
    return readVariables(this.#weights);
  }

  setWeights(weights: readonly StoredTensor[]): void {
    writeVariables(this.#weights, weights);
  }

  save(): Promise<ModelFiles> {
    const { preprocessing, inputShape } = this.#spec;
    return saveModel(this.#model, { preprocessing, inputShape, labels: null });
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#optimizer.dispose();
    this.#model.dispose();
  }

  #outputShape(): number[] {
    return (this.#model.outputs[0]!.shape as number[]).slice(1);
  }

  #examples(split: 'train' | 'validation'): Examples {
    const examples = this.#bound[split];
    if (examples === undefined) throw new Error(`no ${split} examples are bound`);
    return examples;
  }

  #apply(x: tf.Tensor, mode: { training: boolean }): tf.Tensor {
    return this.#model.apply(x, mode) as tf.Tensor;
  }

  /** Loss with penalties, then metrics. Metrics are computed outside of the gradient's tape. */
  #trainStep(examples: Examples, batch: TrainBatch): tf.Tensor1D {
    this.#clock.step = batch.step;
    const numbers = tf.tidy(() => {
      const { x, target } = this.#source.batch(examples, batch.indices);
      let output: tf.Tensor | undefined;
      const { value, grads } = tf.variableGrads(() => {
        output = tf.keep(this.#apply(x, { training: true }));
        return this.#penalised(this.#loss(target, output));
      }, this.#trainable.map(({ variable }) => variable));
      this.#optimizer.apply(grads, { learningRate: batch.learningRate, t: this.#step + 1 });
      const measured = this.#measure(value, target, output!);
      output!.dispose();
      return measured;
    });
    this.#step += 1;
    return numbers;
  }

  #evaluateBatch(examples: Examples, rows: Int32Array): tf.Tensor1D {
    return tf.tidy(() => {
      const { x, target } = this.#source.batch(examples, rows);
      const output = this.#apply(x, { training: false });
      return this.#measure(this.#penalised(this.#loss(target, output)), target, output);
    });
  }

  #penalised(loss: tf.Scalar): tf.Scalar {
    return this.#model.calculateLosses().reduce((sum, penalty) => tf.add(sum, penalty), loss);
  }

  #measure(loss: tf.Scalar, target: tf.Tensor, output: tf.Tensor): tf.Tensor1D {
    return tf.stack([loss, ...this.#metrics.map(({ compute }) => compute(target, output))]) as tf.Tensor1D;
  }

  async #fetch(numbers: tf.Tensor1D[]): Promise<BatchResult[]> {
    return (await this.#rows(numbers)).map((row) => this.#result(row));
  }

  /** The values of equally long vectors, by one transfer; disposes them. */
  async #rows(numbers: tf.Tensor1D[]): Promise<number[][]> {
    if (numbers.length === 0) return [];
    const all = tf.tidy(() => (numbers.length === 1 ? tf.clone(numbers[0]!) : tf.concat(numbers)));
    tf.dispose(numbers);
    const values = await all.data();
    all.dispose();
    const width = 1 + this.#metrics.length;
    return numbers.map((_, i) => Array.from(values.subarray(i * width, (i + 1) * width)));
  }

  #result(row: ArrayLike<number>): BatchResult {
    return { loss: row[0]!, metrics: Object.fromEntries(this.#metrics.map(({ name }, i) => [name, row[i + 1]!])) };
  }
}

// A training program executed batch by batch on the current TF.js backend. It defines what the other engines
// must compute. Nothing here waits for numbers inside a block, so that a device can run ahead.
import * as tf from '@tensorflow/tfjs-core';
import type { Backend } from '../../../schemas/spec.js';
import { SteppedDropout } from '../../dropout.js';
import { elementsOf } from '../../graph-types.js';
import { partsOf, partSize } from '../batch-parts.js';
import type { BatchResult, EngineSession, EngineSpec, EngineState, EvaluateOptions, Examples, ModelFiles, StoredTensor, TrainBatch } from '../engine.js';
import { checkExamples, range } from '../examples.js';
import { TrainingProgram } from '../program.js';
import { readVariables, writeVariables } from '../variables.js';
import { throwDeviceFault } from './backend-webgpu.js';
import { BatchSource } from './batches.js';

/** Steps between two fetches of numbers. A slow backend reports each step; others wait for the device less often. */
const BLOCK_SIZES = { tensorflow: 32, webgpu: 32, wasm: 16, cpu: 1 } as const satisfies Record<Backend, number>;
const PREDICT_BATCH = 256;

export class EagerSession implements EngineSession {
  readonly engine = 'eager';
  readonly backend: Backend;
  readonly blockSize: number;
  readonly #dropout: SteppedDropout;
  readonly #program: TrainingProgram;
  readonly #spec: EngineSpec;
  readonly #source: BatchSource;
  readonly #bound: { train?: Examples; validation?: Examples } = {};
  #step = 0;
  #isDisposed = false;

  /** @throws Error when TF.js cannot build the model or nothing in it can be trained. */
  constructor(spec: EngineSpec) {
    this.backend = tf.getBackend() as Backend;
    this.blockSize = BLOCK_SIZES[this.backend] ?? 1;
    this.#dropout = new SteppedDropout(spec.seed);
    this.#program = new TrainingProgram(spec, this.#dropout);
    this.#spec = spec;
    this.#source = new BatchSource(spec, this.#program);
  }

  bind(split: 'train' | 'validation', examples: Examples): void {
    const { outputShape, isClassTarget } = this.#program;
    checkExamples(examples, { inputShape: this.#spec.inputShape, outputShape, isClassTarget });
    this.#bound[split] = examples;
  }

  get outputShape(): readonly number[] {
    return this.#program.outputShape;
  }

  tensorBytes(): number {
    return tf.memory().numBytes;
  }

  async train(batches: readonly TrainBatch[]): Promise<BatchResult[]> {
    const examples = this.#examples('train');
    return this.#fetch(batches.map((batch) => this.#trainStep(examples, batch)));
  }

  async evaluate(split: 'train' | 'validation', batchSize: number, { onBatch, onOutputs }: EvaluateOptions = {}): Promise<BatchResult> {
    const examples = this.#examples(split);
    const sums = new Float64Array(this.#program.width);
    let pending: { numbers: tf.Tensor1D; outputs: tf.Tensor[]; from: number; count: number }[] = [];
    const drain = async (): Promise<void> => {
      const results = pending;
      pending = [];
      const rows = await this.#rows(results.map(({ numbers }) => numbers));
      rows.forEach((row, i) => row.forEach((value, j) => (sums[j]! += value * results[i]!.count)));
      if (onOutputs !== undefined && results[0] !== undefined) onOutputs(await this.#values(results.flatMap(({ outputs }) => outputs)), results[0].from);
    };
    // What training cannot hold whole, an evaluation may not either.
    const size = partSize(batchSize, this.#spec.gradientAccumulationSteps);
    try {
      for (let from = 0; from < examples.count; from += size) {
        const count = Math.min(size, examples.count - from);
        const [numbers, ...outputs] = this.#evaluateBatch(examples, range(from, count), onOutputs !== undefined);
        pending.push({ numbers, outputs, from, count });
        if (pending.length >= this.blockSize) await drain();
        await onBatch?.();
      }
      await drain();
    } finally {
      tf.dispose(pending.map(({ numbers, outputs }) => [numbers, ...outputs]));
    }
    return this.#program.result(sums.map((sum) => sum / examples.count));
  }

  async predict(x: Uint8Array | Float32Array, count: number): Promise<Float32Array> {
    const size = elementsOf(this.#program.outputShape);
    const out = new Float32Array(count * size);
    for (let start = 0; start < count; start += PREDICT_BATCH) {
      const rows = range(start, Math.min(PREDICT_BATCH, count - start));
      const output = tf.tidy(() => this.#program.predict(this.#source.inputs(x, rows)));
      out.set((await output.data()) as Float32Array, start * size);
      output.dispose();
    }
    await throwDeviceFault();
    return out;
  }

  async getState(): Promise<EngineState> {
    const [weights, optimizer] = await Promise.all([this.getWeights(), readVariables(this.#program.optimizer.slots)]);
    return { weights, optimizer, step: this.#step };
  }

  setState(state: EngineState): void {
    this.setWeights(state.weights);
    writeVariables(this.#program.optimizer.slots, state.optimizer);
    this.#step = state.step;
  }

  getWeights(): Promise<StoredTensor[]> {
    return readVariables(this.#program.weights);
  }

  setWeights(weights: readonly StoredTensor[]): void {
    writeVariables(this.#program.weights, weights);
  }

  save(): Promise<ModelFiles> {
    return this.#program.save();
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#program.dispose();
  }

  #examples(split: 'train' | 'validation'): Examples {
    const examples = this.#bound[split];
    if (examples === undefined) throw new Error(`no ${split} examples are bound`);
    return examples;
  }

  #trainStep(examples: Examples, batch: TrainBatch): tf.Tensor1D {
    this.#dropout.step = batch.step;
    const numbers = tf.tidy(() => {
      const rate = tf.scalar(this.#program.rateAt(batch.learningRate, this.#step + 1));
      return this.#program.applyGradients(this.#gradients(examples, batch.indices), rate);
    });
    this.#step += 1;
    return numbers;
  }

  /** Of a whole batch, with the activations of one part at a time in memory. */
  #gradients(examples: Examples, indices: Int32Array): tf.Tensor[] {
    const parts = partsOf(indices.length, this.#spec.gradientAccumulationSteps);
    return parts.reduce<tf.Tensor[]>((before, { from, size }) => {
      this.#dropout.firstExample = from;
      const sums = tf.tidy(() => {
        const own = this.#program.gradients(this.#source.batch(examples, indices.subarray(from, from + size)), size / indices.length);
        return before.length === 0 ? own : own.map((value, i) => tf.add(before[i]!, value));
      });
      tf.dispose(before);
      return sums;
    }, []);
  }

  #evaluateBatch(examples: Examples, rows: Int32Array, withOutputs: boolean): [tf.Tensor1D, ...tf.Tensor[]] {
    return tf.tidy(() => {
      const [numbers, output] = this.#program.evaluate(this.#source.batch(examples, rows));
      return withOutputs ? [numbers, output] : [numbers];
    });
  }

  async #fetch(numbers: tf.Tensor1D[]): Promise<BatchResult[]> {
    return (await this.#rows(numbers)).map((row) => this.#program.result(row));
  }

  /** The values of vectors of the program's width; disposes them. */
  async #rows(numbers: tf.Tensor1D[]): Promise<number[][]> {
    const values = await this.#values(numbers);
    const { width } = this.#program;
    return numbers.map((_, i) => Array.from(values.subarray(i * width, (i + 1) * width)));
  }

  /** The values of tensors that differ in their first axis at most, one after the other, by one transfer; disposes them. */
  async #values(tensors: readonly tf.Tensor[]): Promise<Float32Array> {
    if (tensors.length === 0) return new Float32Array(0);
    const all = tf.tidy(() => (tensors.length === 1 ? tf.clone(tensors[0]!) : tf.concat([...tensors])));
    tf.dispose([...tensors]);
    const values = (await all.data()) as Float32Array;
    all.dispose();
    await throwDeviceFault();
    return values;
  }
}

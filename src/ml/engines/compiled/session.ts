// A training program compiled for ONNX Runtime. State lives in arrays that the runtime reads and writes in place, two
// of each, which swap after every call; the data set is bound once and gathered by the graph.
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { drawKept } from '../../dropout.js';
import { elementsOf } from '../../graph-types.js';
import { partSize } from '../batch-parts.js';
import type { BatchResult, EngineSession, EngineSpec, EngineState, EvaluateOptions, Examples, ModelFiles, StoredTensor, TrainBatch } from '../engine.js';
import { checkExamples, range } from '../examples.js';
import { TrainingProgram } from '../program.js';
import { matchTensors } from '../variables.js';
import { captureTraining } from './capture-training.js';
import { captureEvaluation, capturePrediction, nextStateName, stateName, stateOf, TracedDropout, type Captured, type CaptureContext, type MaskInput } from './capture.js';
import { elementTypeOf } from './onnx.js';
import type { RunFeeds, Runtime } from './runtime.js';
import { tracedConstant } from './traced.js';
import type { Tracer } from './tracer.js';

/** Steps in one call at most; the loop gives fewer where they are slow. */
const BLOCK_SIZE = 256;
const PREDICT_BATCH = 256;
/** Evaluation steps in one call. */
const EVALUATE_STEPS = 16;

interface Compiled {
  session: InferenceSession;
  masks: readonly MaskInput[];
}

interface Slot {
  name: string;
  shape: readonly number[];
  /** The value, and room for the next one. */
  value: Float32Array;
  spare: Float32Array;
}

export class CompiledSession implements EngineSession {
  readonly engine = 'compiled';
  readonly backend: Runtime['provider'];
  readonly blockSize = BLOCK_SIZE;
  readonly #spec: EngineSpec;
  readonly #runtime: Runtime;
  readonly #tracer: Tracer;
  readonly #program: TrainingProgram;
  readonly #context: CaptureContext;
  readonly #state: Slot[];
  readonly #bound: { train?: Examples; validation?: Examples } = {};
  readonly #compiled = new Map<string, Promise<Compiled>>();
  #step = 0;
  #isDisposed = false;

  /** Needs the tracer to be TF.js' current backend. @throws Error when TF.js cannot build the model. */
  constructor(spec: EngineSpec, { runtime, tracer }: { runtime: Runtime; tracer: Tracer }) {
    const dropout = new TracedDropout();
    this.backend = runtime.provider;
    this.#spec = spec;
    this.#runtime = runtime;
    this.#tracer = tracer;
    this.#program = new TrainingProgram(spec, dropout);
    this.#context = { spec, program: this.#program, dropout, tracer, block: runtime.block };
    this.#state = stateOf(this.#program).map(({ name, variable }) => ({
      name,
      shape: [...variable.shape],
      value: Float32Array.from(tracer.readSync(variable.dataId) as Float32Array),
      spare: new Float32Array(variable.size),
    }));
  }

  bind(split: 'train' | 'validation', examples: Examples): void {
    const { outputShape, isClassTarget } = this.#program;
    checkExamples(examples, { inputShape: this.#spec.inputShape, outputShape, isClassTarget });
    this.#bound[split] = examples;
  }

  /** Captures what training with batches of `batchSize` needs. @throws UncapturableError, RuntimeUnavailable */
  async prepare(batchSize: number): Promise<void> {
    const { count } = this.#examples('train');
    await this.#trainer(Math.min(batchSize, count));
  }

  get outputShape(): readonly number[] {
    return this.#program.outputShape;
  }

  tensorBytes(): number {
    const examples = Object.values(this.#bound).reduce((sum, { x, y }) => sum + x.byteLength + y.byteLength, 0);
    return this.#state.reduce((sum, { value, spare }) => sum + value.byteLength + spare.byteLength, examples);
  }

  async train(batches: readonly TrainBatch[]): Promise<BatchResult[]> {
    const results: BatchResult[] = [];
    for (let from = 0; from < batches.length; ) {
      const size = batches[from]!.indices.length;
      const end = batches.findIndex((batch, i) => i > from && batch.indices.length !== size);
      const group = batches.slice(from, end < 0 ? batches.length : end);
      results.push(...(await this.#trainGroup(group, size)));
      from += group.length;
    }
    return results;
  }

  async evaluate(split: 'train' | 'validation', batchSize: number, { onBatch, onOutputs }: EvaluateOptions = {}): Promise<BatchResult> {
    const examples = this.#examples(split);
    const sums = new Float64Array(this.#program.width);
    const add = async (from: number, batch: number, steps: number): Promise<void> => {
      const { session } = await this.#evaluator(examples, batch, onOutputs !== undefined);
      const feeds = { ...this.#exampleFeeds(examples), ...this.#stateFeeds(this.#program.weights.length), ...this.#rowFeeds(range(from, batch * steps), batch) };
      const { numbers, outputs } = await session.run(feeds);
      (numbers!.data as Float32Array).forEach((value, i) => (sums[i % sums.length]! += value * batch));
      if (outputs !== undefined) onOutputs?.(outputs.data as Float32Array, from);
      await onBatch?.();
    };
    // What training cannot hold whole, an evaluation may not either.
    const size = partSize(batchSize, this.#spec.gradientAccumulationSteps);
    const whole = Math.floor(examples.count / size);
    // A call is as long as a block of training steps, so that a stop waits no longer.
    for (let done = 0; done < whole; done += EVALUATE_STEPS) await add(done * size, size, Math.min(EVALUATE_STEPS, whole - done));
    const rest = examples.count - whole * size;
    if (rest > 0) await add(whole * size, rest, 1);
    return this.#program.result(sums.map((sum) => sum / examples.count));
  }

  async predict(x: Uint8Array | Float32Array, count: number): Promise<Float32Array> {
    const inputSize = elementsOf(this.#spec.inputShape);
    const outputSize = elementsOf(this.#program.outputShape);
    const batch = Math.min(PREDICT_BATCH, count);
    const out = new Float32Array(count * outputSize);
    const make = (): Captured => capturePrediction(this.#context, x, batch);
    for (let start = 0; start < count; start += batch) {
      const { session } = await this.#compile(`predict ${batch} ${x.constructor.name}`, make);
      // The last batch is filled up with zeros, whose outputs are left out.
      const rows = x.slice(start * inputSize, (start + batch) * inputSize);
      const values = rows.length === batch * inputSize ? rows : filledUp(rows, batch * inputSize);
      const { output } = await session.run({ x: this.#tensor(values, [batch, inputSize]), ...this.#stateFeeds(this.#program.weights.length) });
      out.set((output!.data as Float32Array).subarray(0, Math.min(batch, count - start) * outputSize), start * outputSize);
    }
    return out;
  }

  async getState(): Promise<EngineState> {
    const all = this.#state.map(stored);
    const weights = this.#program.weights.length;
    return { weights: all.slice(0, weights), optimizer: all.slice(weights), step: this.#step };
  }

  setState({ weights, optimizer, step }: EngineState): void {
    this.#write(this.#state, [...weights, ...optimizer]);
    this.#step = step;
  }

  async getWeights(): Promise<StoredTensor[]> {
    return this.#state.slice(0, this.#program.weights.length).map(stored);
  }

  setWeights(weights: readonly StoredTensor[]): void {
    this.#write(this.#state.slice(0, this.#program.weights.length), weights);
  }

  async save(): Promise<ModelFiles> {
    this.#program.weights.forEach(({ variable }, i) => this.#tracer.redefine(variable, tracedConstant(this.#state[i]!.value, variable.shape, 'float32')));
    return this.#program.save();
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const compiled of this.#compiled.values()) void compiled.then(({ session }) => session.release()).catch(() => undefined);
    this.#program.dispose();
  }

  async #trainGroup(batches: readonly TrainBatch[], size: number): Promise<BatchResult[]> {
    const { session, masks } = await this.#trainer(size);
    const rows = new Int32Array(batches.length * size);
    batches.forEach(({ indices }, i) => rows.set(indices, i * size));
    const rates = Float32Array.from(batches, ({ learningRate }, i) => this.#program.rateAt(learningRate, this.#step + i + 1));
    const { width } = this.#program;
    const numbers = new Float32Array(batches.length * width);
    const feeds = {
      ...this.#exampleFeeds(this.#examples('train')),
      ...this.#stateFeeds(this.#state.length),
      ...this.#rowFeeds(rows, size),
      ...this.#maskFeeds(masks, batches),
      rates: this.#tensor(rates, [batches.length]),
    };
    const fetches = Object.fromEntries(this.#state.map(({ spare, shape }, i) => [nextStateName(i), this.#tensor(spare, shape)]));
    await session.run(feeds, { ...fetches, numbers: this.#tensor(numbers, [batches.length, width]) });
    for (const slot of this.#state) [slot.value, slot.spare] = [slot.spare, slot.value];
    this.#step += batches.length;
    return batches.map((_, i) => this.#program.result(numbers.subarray(i * width, (i + 1) * width)));
  }

  #trainer(batch: number): Promise<Compiled> {
    const examples = this.#examples('train');
    return this.#compile(`train ${batch} ${typesOf(examples)}`, () => captureTraining(this.#context, examples, batch));
  }

  #evaluator(examples: Examples, batch: number, withOutputs: boolean): Promise<Compiled> {
    return this.#compile(`evaluate ${batch} ${typesOf(examples)} ${withOutputs}`, () => captureEvaluation(this.#context, examples, { batch, withOutputs }));
  }

  #compile(key: string, capture: () => Captured): Promise<Compiled> {
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      const { model, masks } = capture();
      compiled = this.#runtime.open(model).then((session) => ({ session, masks }));
      this.#compiled.set(key, compiled);
    }
    return compiled;
  }

  #examples(split: 'train' | 'validation'): Examples {
    const examples = this.#bound[split];
    if (examples === undefined) throw new Error(`no ${split} examples are bound`);
    return examples;
  }

  #tensor(data: Uint8Array | Int32Array | Float32Array, dims: readonly number[]): Tensor {
    return new this.#runtime.Tensor(elementTypeOf(data), data, dims);
  }

  #exampleFeeds({ x, y, count }: Examples): RunFeeds {
    return { x: this.#tensor(x, [count, x.length / count]), y: this.#tensor(y, [count, y.length / count]) };
  }

  #stateFeeds(count: number): RunFeeds {
    return Object.fromEntries(this.#state.slice(0, count).map(({ value, shape }, i) => [stateName(i), this.#tensor(value, shape)]));
  }

  #rowFeeds(rows: Int32Array, batch: number): RunFeeds {
    const steps = rows.length / batch;
    return { rows: this.#tensor(rows, [steps, batch]), steps: new this.#runtime.Tensor('int64', BigInt64Array.of(BigInt(steps)), []) };
  }

  #maskFeeds(masks: readonly MaskInput[], batches: readonly TrainBatch[]): RunFeeds {
    const draw = ({ layer, rate, shape }: MaskInput): Tensor => {
      const size = elementsOf(shape);
      const kept = new Uint8Array(batches.length * size);
      batches.forEach(({ step }, i) => drawKept(kept.subarray(i * size, (i + 1) * size), rate, { seed: this.#spec.seed, step, layer }));
      return this.#tensor(kept, [batches.length, size]);
    };
    return Object.fromEntries(masks.map((mask) => [mask.name, draw(mask)]));
  }

  #write(slots: readonly Slot[], tensors: readonly StoredTensor[]): void {
    for (const { known, tensor } of matchTensors(slots, tensors)) known.value.set(tensor.data);
  }
}

const stored = ({ name, shape, value }: Slot): StoredTensor => ({ name, shape, dtype: 'float32', data: value.slice() });

/** What of the examples a graph depends on. */
const typesOf = ({ x, y }: Examples): string => `${x.constructor.name} ${y.constructor.name}`;

function filledUp<T extends Uint8Array | Float32Array>(values: T, length: number): T {
  const whole = new (values.constructor as new (length: number) => T)(length);
  whole.set(values as never);
  return whole;
}

// From bound examples to the tensors of one batch: rows are gathered in JavaScript into memory that is
// used again, preprocessed on the way, so a batch costs two uploads and the data set is never copied.
import * as tf from '@tensorflow/tfjs-core';
import { foldPreprocessing, rowGatherer, type GatherRows } from '../../data.js';
import { elementsOf } from '../../graph-types.js';
import { targetGatherer, type GatherTargets } from '../../metrics.js';
import type { EngineSpec, Examples } from '../engine.js';

export interface Batch {
  /** `[batch, ...inputShape]`, float32. */
  x: tf.Tensor;
  /** `[batch, ...outputShape]`, float32. */
  target: tf.Tensor;
}

/** `count` numbers from `start` on. */
export function range(start: number, count: number): Int32Array {
  const out = new Int32Array(count);
  for (let i = 0; i < count; i++) out[i] = start + i;
  return out;
}

export class BatchSource {
  readonly isClassTarget: boolean;
  readonly #inputShape: number[];
  readonly #outputShape: number[];
  readonly #gatherRows: GatherRows;
  readonly #gatherTargets: GatherTargets;
  #x = new Float32Array(0);
  #target = new Float32Array(0);

  constructor(spec: Pick<EngineSpec, 'inputShape' | 'preprocessing' | 'classCount' | 'loss'>, outputShape: readonly number[]) {
    this.#inputShape = [...spec.inputShape];
    this.#outputShape = [...outputShape];
    this.#gatherRows = rowGatherer(elementsOf(spec.inputShape), foldPreprocessing(spec.preprocessing));
    const { isClassTarget, gather } = targetGatherer({ ...spec, outputShape });
    this.isClassTarget = isClassTarget;
    this.#gatherTargets = gather;
  }

  /** @throws Error when the examples do not fit the model. */
  check(examples: Examples): void {
    const { x, y, count, shape } = examples;
    if (shape.join() !== this.#inputShape.join()) {
      throw new Error(`examples of shape [${shape.join(', ')}] do not fit a model of [${this.#inputShape.join(', ')}]`);
    }
    if (x.length !== count * elementsOf(shape)) throw new Error(`x has ${x.length} values, not ${count} examples of [${shape.join(', ')}]`);
    const each = this.isClassTarget ? 1 : elementsOf(this.#outputShape);
    if (y.length !== count * each) throw new Error(`y has ${y.length} values, not ${each} for each of ${count} examples`);
  }

  /** The inputs of `rows`. The tensor is valid until the next call: it may lie on the memory that is used again. */
  inputs(x: Examples['x'], rows: Int32Array): tf.Tensor {
    const size = rows.length * elementsOf(this.#inputShape);
    if (this.#x.length < size) this.#x = new Float32Array(size);
    const values = this.#x.subarray(0, size);
    this.#gatherRows(x, rows, values);
    return tf.tensor(values, [rows.length, ...this.#inputShape], 'float32');
  }

  /** Inputs and targets of `rows`, valid until the next call. */
  batch(examples: Examples, rows: Int32Array): Batch {
    const size = rows.length * elementsOf(this.#outputShape);
    if (this.#target.length < size) this.#target = new Float32Array(size);
    const values = this.#target.subarray(0, size);
    this.#gatherTargets(examples.y, rows, values);
    return { x: this.inputs(examples.x, rows), target: tf.tensor(values, [rows.length, ...this.#outputShape], 'float32') };
  }
}

// From bound examples to the tensors of one batch: rows are gathered in JavaScript into memory that is
// used again, preprocessed on the way, so a batch costs two uploads and the data set is never copied.
import * as tf from '@tensorflow/tfjs-core';
import { foldPreprocessing } from '../../../portable/preprocessing.js';
import { rowGatherer, type GatherRows } from '../../data.js';
import { elementsOf } from '../../graph-types.js';
import type { EngineSpec, Examples } from '../engine.js';
import type { ExampleTensors, TrainingProgram } from '../program.js';

type Targets = Pick<TrainingProgram, 'outputShape' | 'gatherTargets'>;

export class BatchSource {
  readonly #inputShape: number[];
  readonly #program: Targets;
  readonly #gatherRows: GatherRows;
  #x = new Float32Array(0);
  #target = new Float32Array(0);

  constructor(spec: Pick<EngineSpec, 'inputShape' | 'preprocessing'>, program: Targets) {
    this.#inputShape = [...spec.inputShape];
    this.#program = program;
    this.#gatherRows = rowGatherer(elementsOf(spec.inputShape), foldPreprocessing(spec.preprocessing));
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
  batch(examples: Examples, rows: Int32Array): ExampleTensors {
    const size = rows.length * elementsOf(this.#program.outputShape);
    if (this.#target.length < size) this.#target = new Float32Array(size);
    const values = this.#target.subarray(0, size);
    this.#program.gatherTargets(examples.y, rows, values);
    return { x: this.inputs(examples.x, rows), target: tf.tensor(values, [rows.length, ...this.#program.outputShape], 'float32') };
  }
}

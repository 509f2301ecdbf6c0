// What a run computes, as TF.js operations: one training step, one evaluation, one prediction, and the variables
// that they read and write. The eager engine executes it batch by batch; the compiled one traces it once.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { DropoutSource } from '../dropout.js';
import { snakeCase } from '../graph-types.js';
import { lossFunction, metricFunction, targetGatherer, type BatchFunction, type GatherTargets } from '../metrics.js';
import { buildModel } from '../model.js';
import { saveModel } from '../model-files.js';
import type { BatchResult, EngineSpec, ModelFiles } from './engine.js';
import { createOptimizer, type Optimizer } from './optimizers.js';
import type { NamedVariable } from './variables.js';

export interface ExampleTensors {
  /** `[examples, ...inputShape]`, float32, preprocessed. */
  x: tf.Tensor;
  /** `[examples, ...outputShape]`, float32. */
  target: tf.Tensor;
}

export class TrainingProgram {
  /** All weights, also moving averages, in the model's order. */
  readonly weights: readonly NamedVariable[];
  /** Those of them that have gradients. */
  readonly trainable: readonly NamedVariable[];
  readonly optimizer: Optimizer;
  /** Without the batch axis. */
  readonly outputShape: readonly number[];
  /** Whether labels are class indices; `gatherTargets` then makes one-hot rows if there are several outputs. */
  readonly isClassTarget: boolean;
  readonly gatherTargets: GatherTargets;
  /** How many numbers a step measures: the loss and each metric. */
  readonly width: number;
  readonly #spec: EngineSpec;
  readonly #model: tfl.LayersModel;
  readonly #loss: BatchFunction;
  readonly #metrics: { name: string; compute: BatchFunction }[];

  /** @throws Error when TF.js cannot build the model or nothing in it can be trained. */
  constructor(spec: EngineSpec, dropout: DropoutSource) {
    this.#spec = spec;
    this.#model = buildModel(spec.graph, { inputShape: spec.inputShape, seed: spec.seed, dropout });
    const named = (variable: tfl.LayerVariable): NamedVariable => ({ name: variable.originalName, variable: variable.read() as tf.Variable });
    this.weights = this.#model.weights.map(named);
    this.trainable = this.#model.trainableWeights.map(named);
    if (this.trainable.length === 0) throw new Error('the model has no weights to train');
    this.optimizer = createOptimizer(spec.optimizer, this.trainable);
    this.outputShape = (this.#model.outputs[0]!.shape as number[]).slice(1);
    const { isClassTarget, gather } = targetGatherer({ ...spec, outputShape: this.outputShape });
    this.isClassTarget = isClassTarget;
    this.gatherTargets = gather;
    this.#loss = lossFunction(spec.loss);
    this.#metrics = spec.metrics.map((metric) => ({ name: snakeCase(metric), compute: metricFunction(metric, spec.loss, isClassTarget) }));
    this.width = 1 + this.#metrics.length;
  }

  /** The step size of step `t`, which counts from 1. */
  rateAt(learningRate: number, t: number): number {
    return this.optimizer.rateAt(learningRate, t);
  }

  /**
   * What a part of a batch, of `share` of its examples, adds to the step: the numbers that are measured, `[width]`, then
   * the gradient of each trainable weight. The sums over all parts are what `applyGradients` takes.
   */
  gradients({ x, target }: ExampleTensors, share: number): tf.Tensor[] {
    const weigh = (mean: tf.Scalar): tf.Scalar => (share === 1 ? mean : tf.mul(mean, share));
    return tf.tidy(() => {
      let output: tf.Tensor | undefined;
      const { value, grads } = tf.variableGrads(() => {
        output = tf.keep(this.#apply(x, { training: true }));
        return weigh(this.#penalised(this.#loss(target, output)));
      }, this.trainable.map(({ variable }) => variable));
      // Outside of the gradient's tape.
      const measured = tf.stack([value, ...this.#metricsOf(target, output!).map(weigh)]);
      output!.dispose();
      return [measured, ...this.trainable.map(({ variable }) => grads[variable.name]!)];
    });
  }

  /** One optimizer step from what `gradients` gave for the whole batch. Answers the loss with penalties, then the metrics. */
  applyGradients([measured, ...gradients]: readonly tf.Tensor[], rate: tf.Scalar): tf.Tensor1D {
    this.optimizer.apply(Object.fromEntries(this.trainable.map(({ variable }, i) => [variable.name, gradients[i]!])), rate);
    return measured as tf.Tensor1D;
  }

  /** The same numbers without training: no dropout, moving averages. And the outputs that they are about, `[examples, ...outputShape]`. */
  evaluate({ x, target }: ExampleTensors): [numbers: tf.Tensor1D, output: tf.Tensor] {
    return tf.tidy(() => {
      const output = this.#apply(x, { training: false });
      return [tf.stack([this.#penalised(this.#loss(target, output)), ...this.#metricsOf(target, output)]) as tf.Tensor1D, output];
    });
  }

  /** The outputs of preprocessed inputs. */
  predict(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.#apply(x, { training: false }));
  }

  result(row: ArrayLike<number>): BatchResult {
    return { loss: row[0]!, metrics: Object.fromEntries(this.#metrics.map(({ name }, i) => [name, row[i + 1]!])) };
  }

  save(): Promise<ModelFiles> {
    const { preprocessing, inputShape } = this.#spec;
    return saveModel(this.#model, { preprocessing, inputShape, labels: null });
  }

  dispose(): void {
    this.optimizer.dispose();
    this.#model.dispose();
  }

  #apply(x: tf.Tensor, mode: { training: boolean }): tf.Tensor {
    return this.#model.apply(x, mode) as tf.Tensor;
  }

  #penalised(loss: tf.Scalar): tf.Scalar {
    return this.#model.calculateLosses().reduce((sum, penalty) => tf.add(sum, penalty), loss);
  }

  #metricsOf(target: tf.Tensor, output: tf.Tensor): tf.Scalar[] {
    return this.#metrics.map(({ compute }) => compute(target, output));
  }
}

// Losses and metrics on batches, with Keras' numbers (https://keras.io/api/losses/): probabilities are
// clipped by 1e-7, logits go through stable forms. Each is a mean over the batch and all output elements.
import * as tf from '@tensorflow/tfjs-core';
import type { LossName, MetricName } from '../schemas/spec.js';
import type { Examples } from './engines/engine.js';
import { elementsOf } from './graph-types.js';

export interface LossChoice {
  type: LossName;
  fromLogits: boolean;
}

/** `(target, output)`, both float32 `[batch, ...outputShape]`, to a scalar. The caller owns tensors (tidy). */
export type BatchFunction = (target: tf.Tensor, output: tf.Tensor) => tf.Scalar;

const EPSILON = 1e-7;
const clip = (p: tf.Tensor): tf.Tensor => tf.clipByValue(p, EPSILON, 1 - EPSILON);
const share = (p: tf.Tensor): tf.Tensor => tf.div(p, tf.sum(p, -1, true));
const negativeLogLikelihood = (target: tf.Tensor, logP: tf.Tensor): tf.Scalar =>
  tf.neg(tf.mean(tf.sum(tf.mul(target, logP), -1)));

function binaryFromLogits(target: tf.Tensor, logits: tf.Tensor): tf.Scalar {
  // max(x, 0) - x * t + log(1 + exp(-|x|)), which never overflows.
  const tail = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
  return tf.mean(tf.add(tf.sub(tf.relu(logits), tf.mul(logits, target)), tail));
}

function binary(target: tf.Tensor, p: tf.Tensor): tf.Scalar {
  const clipped = clip(p);
  const positive = tf.mul(target, tf.log(clipped));
  const negative = tf.mul(tf.sub(1, target), tf.log(tf.sub(1, clipped)));
  return tf.neg(tf.mean(tf.add(positive, negative)));
}

const softmaxFromLogits: BatchFunction = (target, logits) => negativeLogLikelihood(target, tf.logSoftmax(logits));

/** The loss as a function of one-hot or float targets. */
export function lossFunction({ type, fromLogits }: LossChoice): BatchFunction {
  switch (type) {
    case 'categoricalCrossentropy':
      return fromLogits ? softmaxFromLogits : (target, p) => negativeLogLikelihood(target, tf.log(clip(share(p))));
    case 'sparseCategoricalCrossentropy':
      // Keras clips before it normalises here, and after it above.
      return fromLogits ? softmaxFromLogits : (target, p) => negativeLogLikelihood(target, tf.log(share(clip(p))));
    case 'binaryCrossentropy':
      return fromLogits ? binaryFromLogits : binary;
    case 'meanSquaredError':
      return (target, output) => tf.mean(tf.squaredDifference(target, output));
    case 'meanAbsoluteError':
      return (target, output) => tf.mean(tf.abs(tf.sub(target, output)));
  }
}

const matches = (a: tf.Tensor, b: tf.Tensor): tf.Scalar => tf.mean(tf.cast(tf.equal(a, b), 'float32'));

/**
 * The share of right answers. One output, or several independent ones (a binary cross-entropy on values):
 * each above 1/2, or above 0 if a logit, says yes. Else the greatest output names the class.
 */
function accuracy(loss: LossChoice, isClassTarget: boolean): BatchFunction {
  const threshold = loss.type === 'binaryCrossentropy' && loss.fromLogits ? 0 : 0.5;
  const isIndependent = loss.type === 'binaryCrossentropy' && !isClassTarget;
  return (target, output) =>
    output.shape.at(-1) === 1 || isIndependent
      ? matches(target, tf.cast(tf.greater(output, threshold), 'float32'))
      : matches(tf.argMax(target, -1), tf.argMax(output, -1));
}

/** A metric; cross-entropies take the output for logits when the loss does. */
export function metricFunction(name: MetricName, loss: LossChoice, isClassTarget: boolean): BatchFunction {
  if (name === 'accuracy') return accuracy(loss, isClassTarget);
  return lossFunction({ type: name, fromLogits: loss.fromLogits });
}

/** Fills `out` with the targets of `rows`, `[rows.length, ...outputShape]` row-major. */
export type GatherTargets = (y: Examples['y'], rows: ArrayLike<number>, out: Float32Array) => void;

/** Class indices, 0 … size - 1, become one-hot rows of `size`. */
function oneHotRows(size: number): GatherTargets {
  return (y, rows, out) => {
    out.fill(0);
    for (let i = 0; i < rows.length; i++) out[i * size + y[rows[i]!]!] = 1;
  };
}

function valueRows(size: number): GatherTargets {
  return (y, rows, out) => {
    for (let i = 0; i < rows.length; i++) {
      for (let j = 0; j < size; j++) out[i * size + j] = y[rows[i]! * size + j]!;
    }
  };
}

export interface TargetChoice {
  classCount: number | null;
  loss: LossChoice;
  outputShape: readonly number[];
}

/** How labels become the loss' targets: one-hot for classes and more than one output, else values. */
export function targetGatherer({ classCount, loss, outputShape }: TargetChoice): { isClassTarget: boolean; gather: GatherTargets } {
  const size = elementsOf(outputShape);
  const isClassTarget = classCount !== null || loss.type === 'sparseCategoricalCrossentropy';
  if (isClassTarget && outputShape.length !== 1) {
    throw new Error(`a model of class labels answers one row an example, not [${outputShape.join(', ')}]`);
  }
  return { isClassTarget, gather: isClassTarget && size > 1 ? oneHotRows(size) : valueRows(size) };
}

// Which class an output row names, and how probable it says that each class is: by what the loss takes the outputs for,
// and with the class that `accuracy` counts.
import type { LossChoice, TargetChoice } from './metrics.js';

export interface ClassReader {
  classCount: number;
  /** Numbers in a row. */
  width: number;
  /** The class that the row at `at` names, the first of equals; null when one of its numbers is NaN. */
  predict(outputs: Float32Array, at: number): number | null;
  /** From 0 to 1. The row has no NaN. */
  probability(outputs: Float32Array, at: number, index: number): number;
}

/** More are no picture that anybody could look at, and events of their size. */
const MAX_CLASSES = 100;

/** Null where rows do not name classes: labels or loss are not of that kind, or there are fewer than two or too many classes. */
export function classReader({ loss, outputShape, classCount }: TargetChoice): ClassReader | null {
  const [width = 0] = outputShape;
  const isClassTarget = classCount !== null || loss.type === 'sparseCategoricalCrossentropy';
  if (outputShape.length !== 1 || !isClassTarget || !loss.type.endsWith('Crossentropy')) return null;
  if (width === 1) return classCount === 2 && loss.type === 'binaryCrossentropy' ? twoClasses(loss.fromLogits) : null;
  if (width < 2 || width > MAX_CLASSES) return null;
  return { classCount: width, width, predict: (outputs, at) => greatest(outputs, at, width), probability: probabilityOf(loss, width) };
}

/** One output: how probable the second class is. */
function twoClasses(fromLogits: boolean): ClassReader {
  const threshold = fromLogits ? 0 : 0.5;
  return {
    classCount: 2,
    width: 1,
    predict: (outputs, at) => (Number.isNaN(outputs[at]) ? null : Number(outputs[at]! > threshold)),
    probability: (outputs, at, index) => {
      const second = fromLogits ? sigmoid(outputs[at]!) : toShare(outputs[at]!);
      return index === 1 ? second : 1 - second;
    },
  };
}

function greatest(outputs: Float32Array, at: number, width: number): number | null {
  let best = 0;
  for (let i = 0; i < width; i++) {
    const value = outputs[at + i]!;
    if (Number.isNaN(value)) return null;
    if (value > outputs[at + best]!) best = i;
  }
  return best;
}

function probabilityOf({ type, fromLogits }: LossChoice, width: number): ClassReader['probability'] {
  // Each output is a probability of its own.
  if (type === 'binaryCrossentropy') return (outputs, at, index) => (fromLogits ? sigmoid(outputs[at + index]!) : toShare(outputs[at + index]!));
  return fromLogits ? softmaxOf(width) : shareOf(width);
}

function softmaxOf(width: number): ClassReader['probability'] {
  return (outputs, at, index) => {
    let max = -Infinity;
    for (let i = 0; i < width; i++) max = Math.max(max, outputs[at + i]!);
    // Infinite logits share all there is.
    const power = (value: number): number => (value === max ? 1 : Math.exp(value - max));
    let sum = 0;
    for (let i = 0; i < width; i++) sum += power(outputs[at + i]!);
    return power(outputs[at + index]!) / sum;
  };
}

/** The losses divide by the sum; it is 1 after a softmax. */
function shareOf(width: number): ClassReader['probability'] {
  const weight = (value: number): number => Math.min(Math.max(value, 0), MAX_FLOAT32);
  return (outputs, at, index) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += weight(outputs[at + i]!);
    return sum === 0 ? 1 / width : weight(outputs[at + index]!) / sum;
  };
}

const MAX_FLOAT32 = 3.4e38;
const toShare = (value: number): number => Math.min(Math.max(value, 0), 1);
const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

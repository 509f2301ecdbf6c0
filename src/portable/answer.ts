// What a model's outputs for one example mean, by the loss that it was trained with.
import type { Prediction } from '../schemas/predict.js';
import type { Loss, LossName } from '../schemas/spec.js';

export interface EffectiveLoss {
  type: LossName;
  fromLogits: boolean;
}

export function effectiveLoss(loss: Loss): EffectiveLoss {
  return typeof loss === 'string' ? { type: loss, fromLogits: false } : { type: loss.type, fromLogits: loss.fromLogits ?? false };
}

export function isCrossentropy(loss: LossName): boolean {
  return loss === 'categoricalCrossentropy' || loss === 'sparseCategoricalCrossentropy' || loss === 'binaryCrossentropy';
}

/**
 * From 0 to 1, what a cross-entropy takes the outputs for: shares of their sum, or their softmax where they are logits;
 * a binary one takes each by itself, or its sigmoid. NaN makes NaN.
 */
export function probabilitiesOf(outputs: readonly number[], { type, fromLogits }: EffectiveLoss): number[] {
  if (type === 'binaryCrossentropy') return outputs.map(fromLogits ? sigmoid : toShare);
  return fromLogits ? softmax(outputs) : shares(outputs);
}

/** One probability, of the second of two classes, as that of both. */
export const bothOf = (second: number): [number, number] => [1 - second, second];

/** The first of equals. None of them is NaN. */
export const indexOfGreatest = (values: readonly number[]): number => values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);

/** Cross-entropies answer probabilities, and one output for two labels becomes two. Other losses answer the values. */
export function toPrediction(values: number[], { loss, labels }: { loss: Loss; labels: readonly string[] | null }): Prediction {
  const choice = effectiveLoss(loss);
  if (!isCrossentropy(choice.type)) return { ...likeliest(values, labels), values };
  const probabilities = probabilitiesOf(values, choice);
  const [only = 0] = probabilities;
  if (choice.type === 'binaryCrossentropy' && values.length === 1 && (labels === null || labels.length === 2)) {
    return { ...likeliest(bothOf(only), labels), probabilities: bothOf(only) };
  }
  // By the values: different ones may have a probability of 1.
  return { ...likeliest(values, labels), probabilities };
}

/** The class with the largest value; nothing when the values are no named classes, or one of them is NaN. */
function likeliest(values: readonly number[], labels: readonly string[] | null): Pick<Prediction, 'label' | 'index'> {
  if (labels?.length !== values.length || values.some(Number.isNaN)) return {};
  const index = indexOfGreatest(values);
  return { label: labels[index] ?? String(index), index };
}

function softmax(logits: readonly number[]): number[] {
  // Relative to the largest, so that nothing overflows; infinite ones share all there is.
  const max = Math.max(...logits);
  return parts(logits.map((logit) => (logit === max ? 1 : Math.exp(logit - max))));
}

/** The losses divide by the sum; it is 1 after a softmax. Of nothing, all have the same. */
function shares(values: readonly number[]): number[] {
  const weights = values.map((value) => Math.min(Math.max(value, 0), MAX_FLOAT32));
  return parts(weights.every((weight) => weight === 0) ? weights.map(() => 1) : weights);
}

function parts(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

const MAX_FLOAT32 = 3.4e38;
const toShare = (value: number): number => Math.min(Math.max(value, 0), 1);
const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

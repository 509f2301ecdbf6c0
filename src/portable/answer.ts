// What a model's outputs for one example mean, by the loss that it was trained with.
import type { Prediction } from '../schemas/predict.js';
import type { Loss, LossName } from '../schemas/spec.js';

export function effectiveLoss(loss: Loss): { type: LossName; fromLogits: boolean } {
  return typeof loss === 'string' ? { type: loss, fromLogits: false } : { type: loss.type, fromLogits: loss.fromLogits ?? false };
}

export function isCrossentropy(loss: LossName): boolean {
  return loss === 'categoricalCrossentropy' || loss === 'sparseCategoricalCrossentropy' || loss === 'binaryCrossentropy';
}

/**
 * Cross-entropies answer probabilities: logits go through softmax (binary ones through the sigmoid), and one
 * output for two labels becomes two. Other losses answer the values.
 */
export function toPrediction(values: number[], { loss, labels }: { loss: Loss; labels: readonly string[] | null }): Prediction {
  const { type, fromLogits } = effectiveLoss(loss);
  if (!isCrossentropy(type)) return { ...likeliest(values, labels), values };
  const given = !fromLogits ? values : type === 'binaryCrossentropy' ? values.map(sigmoid) : softmax(values);
  const [only = 0] = given;
  const probabilities = type === 'binaryCrossentropy' && given.length === 1 && (labels === null || labels.length === 2) ? [1 - only, only] : given;
  return { ...likeliest(probabilities, labels), probabilities };
}

/** The class with the largest value, the first of equals; nothing when the values are no named classes. */
function likeliest(values: readonly number[], labels: readonly string[] | null): Pick<Prediction, 'label' | 'index'> {
  if (labels?.length !== values.length) return {};
  const index = values.indexOf(Math.max(...values));
  return { label: labels[index] ?? String(index), index };
}

function softmax(logits: readonly number[]): number[] {
  // Relative to the largest, so that nothing overflows.
  const max = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - max));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

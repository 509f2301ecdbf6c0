// From a model's outputs to predictions, by the loss that it was trained with.
import { ServiceError } from '../errors.js';
import { pointerTo } from '../schemas/pointer.js';
import type { Prediction } from '../schemas/predict.js';
import type { Loss } from '../schemas/spec.js';
import { effectiveLoss, isCrossentropy } from '../specs/defaults.js';

export interface Outputs {
  /** Row-major `[count, ...outputShape]`. */
  outputs: Float32Array;
  count: number;
}

/**
 * Cross-entropies answer probabilities: logits go through softmax (binary ones through the sigmoid), and one
 * output for two labels becomes two. Other losses answer the values.
 * @throws ServiceError impossible_input when an output is no finite number
 */
export function toPredictions({ outputs, count }: Outputs, { loss, labels }: { loss: Loss; labels: readonly string[] | null }): Prediction[] {
  const size = outputs.length / count;
  const problems = Array.from({ length: count }, (_, index) => index)
    .filter((index) => !outputs.subarray(index * size, (index + 1) * size).every(Number.isFinite))
    .map((index) => ({ pointer: pointerTo('/instances', index), detail: 'gives no finite number' }));
  if (problems.length > 0) throw new ServiceError('impossible_input', undefined, { problems });
  return Array.from({ length: count }, (_, index) => toPrediction([...outputs.subarray(index * size, (index + 1) * size)], loss, labels));
}

function toPrediction(values: number[], loss: Loss, labels: readonly string[] | null): Prediction {
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

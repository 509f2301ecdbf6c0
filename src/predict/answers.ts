// From a model's outputs for some examples to predictions.
import { ServiceError } from '../errors.js';
import { toPrediction } from '../portable/answer.js';
import { pointerTo } from '../schemas/pointer.js';
import type { Prediction } from '../schemas/predict.js';
import type { Loss } from '../schemas/spec.js';

export interface Outputs {
  /** Row-major `[count, ...outputShape]`. */
  outputs: Float32Array;
  count: number;
}

/** @throws ServiceError impossible_input when an output is no finite number */
export function toPredictions({ outputs, count }: Outputs, { loss, labels }: { loss: Loss; labels: readonly string[] | null }): Prediction[] {
  const size = outputs.length / count;
  const problems = Array.from({ length: count }, (_, index) => index)
    .filter((index) => !outputs.subarray(index * size, (index + 1) * size).every(Number.isFinite))
    .map((index) => ({ pointer: pointerTo('/instances', index), detail: 'gives no finite number' }));
  if (problems.length > 0) throw new ServiceError('impossible_input', undefined, { problems });
  return Array.from({ length: count }, (_, index) => toPrediction([...outputs.subarray(index * size, (index + 1) * size)], { loss, labels }));
}

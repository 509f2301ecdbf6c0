// Whether a model is one that can be shown a drawn digit, and how a drawing becomes its input.
import type { ModelMetadata } from '../../../ml/model-files.js';
import { effectiveLoss, isCrossentropy } from '../../../portable/answer.js';
import { pictureShape } from '../../../portable/picture.js';
import { foldPreprocessing } from '../../../portable/preprocessing.js';
import type { Loss } from '../../../schemas/spec.js';
import type { Run } from '../../api/types.js';
import { GRID } from '../../ui/grid.js';

/** The client's types, made from the API's document, lose what a loss is. */
export const lossOf = ({ spec }: Pick<Run, 'spec'>): Loss => spec.loss as Loss;

/** Why this page is nothing for a model; null where it is. */
export function whyNotTry({ inputShape, labels }: Pick<ModelMetadata, 'inputShape' | 'labels'>, loss: Loss): string | null {
  const shape = pictureShape(inputShape);
  if (shape === null || shape.width !== GRID || shape.height !== GRID || shape.channels !== 1) {
    return `It takes ${inputShape.join(' × ')} numbers. What is drawn here is a grey picture of ${GRID} × ${GRID} pixels.`;
  }
  if (labels === null || !isCrossentropy(effectiveLoss(loss).type)) return 'It answers numbers. This page is for models that say how likely each of some labels is.';
  return null;
}

/** `pixels` row-major, 0 to 255. */
export function toInput(pixels: ArrayLike<number>, { preprocessing }: Pick<ModelMetadata, 'preprocessing'>): Float32Array {
  const { scale, offset } = foldPreprocessing(preprocessing);
  return Float32Array.from(pixels, (value) => value * scale + offset);
}

// Whether a model is one that can be shown a drawn digit, and how a drawing becomes its input.
import type { ModelMetadata } from '../../../ml/model-files.js';
import { pictureShape } from '../../../portable/picture.js';
import { foldPreprocessing } from '../../../portable/preprocessing.js';
import type { Loss } from '../../../schemas/spec.js';
import { saysHowLikely } from '../../lib/answers.js';
import { GRID } from '../../ui/grid.js';

/** Why this page is nothing for a model; null where it is. */
export function whyNotTry({ inputShape, labels }: Pick<ModelMetadata, 'inputShape' | 'labels'>, loss: Loss): string | null {
  const shape = pictureShape(inputShape);
  if (shape === null || shape.width !== GRID || shape.height !== GRID || shape.channels !== 1) {
    return `It takes ${inputShape.join(' × ')} numbers. What is drawn here is a grey picture of ${GRID} × ${GRID} pixels.`;
  }
  if (labels === null || !saysHowLikely(loss)) return 'It answers numbers. This page is for models that say how likely each of some labels is.';
  return null;
}

/** `pixels` row-major, 0 to 255. */
export function toInput(pixels: ArrayLike<number>, { preprocessing }: Pick<ModelMetadata, 'preprocessing'>): Float32Array {
  const { scale, offset } = foldPreprocessing(preprocessing);
  return Float32Array.from(pixels, (value) => value * scale + offset);
}

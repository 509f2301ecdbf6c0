// From stored values to a model's input.
import type { Preprocessing } from '../schemas/spec.js';

/** `value * scale + offset`. */
export interface Affine {
  scale: number;
  offset: number;
}

/** The steps in their order, as one. */
export function foldPreprocessing(steps: readonly Preprocessing[]): Affine {
  return steps.reduce<Affine>(
    (done, { scale, offset = 0 }) => ({ scale: done.scale * scale, offset: done.offset * scale + offset }),
    { scale: 1, offset: 0 },
  );
}

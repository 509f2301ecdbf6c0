// What every engine asks of the examples that it is given.
import { elementsOf, sameShape } from '../graph-types.js';
import type { EngineSpec, Examples } from './engine.js';
import type { TrainingProgram } from './program.js';

/** What decides whether examples fit. */
export type Fitting = Pick<EngineSpec, 'inputShape'> & Pick<TrainingProgram, 'outputShape' | 'isClassTarget'>;

/** @throws Error when the examples do not fit the model. */
export function checkExamples({ x, y, count, shape }: Examples, { inputShape, outputShape, isClassTarget }: Fitting): void {
  if (!sameShape(shape, inputShape)) throw new Error(`examples of shape [${shape.join(', ')}] do not fit a model of [${inputShape.join(', ')}]`);
  if (x.length !== count * elementsOf(shape)) throw new Error(`x has ${x.length} values, not ${count} examples of [${shape.join(', ')}]`);
  const each = isClassTarget ? 1 : elementsOf(outputShape);
  if (y.length !== count * each) throw new Error(`y has ${y.length} values, not ${each} for each of ${count} examples`);
  // A single output takes the label itself for its target.
  const classes = elementsOf(outputShape);
  if (!isClassTarget || classes === 1) return;
  const bad = y.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes));
  if (bad >= 0) throw new RangeError(`label ${y[bad]} of example ${bad} is not among ${classes} classes`);
}

/** `count` numbers from `start` on. */
export function range(start: number, count: number): Int32Array {
  const out = new Int32Array(count);
  for (let i = 0; i < count; i++) out[i] = start + i;
  return out;
}

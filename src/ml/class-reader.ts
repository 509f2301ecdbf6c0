// Which class an output row names, and how probable it says that each class is: by what the loss takes the outputs for,
// and with the class that `accuracy` takes, for rows without a NaN. For those with one, `accuracy` takes some class that
// depends on the backend; here they name none.
import { bothOf, indexOfGreatest, isCrossentropy, probabilitiesOf } from '../portable/answer.js';
import { MAX_CLASSES } from '../schemas/evaluation-limits.js';
import type { TargetChoice } from './metrics.js';

export interface ClassReader {
  classCount: number;
  /** Numbers in a row. */
  width: number;
  /** The class that a row names, the first of equals; null when one of its numbers is NaN. */
  predict(row: readonly number[]): number | null;
  /** Of each class, from 0 to 1. The row has no NaN. */
  probabilities(row: readonly number[]): number[];
}

/** Null where rows do not name classes: labels or loss are not of that kind, or there are fewer than two or too many classes. */
export function classReader({ loss, outputShape, classCount }: TargetChoice): ClassReader | null {
  const [width = 0] = outputShape;
  const isClassTarget = classCount !== null || loss.type === 'sparseCategoricalCrossentropy';
  if (outputShape.length !== 1 || !isClassTarget || !isCrossentropy(loss.type)) return null;
  const named = (choose: (row: readonly number[]) => number) => (row: readonly number[]) => (row.some(Number.isNaN) ? null : choose(row));
  const probabilities = (row: readonly number[]) => probabilitiesOf(row, loss);
  if (width === 1 && classCount === 2 && loss.type === 'binaryCrossentropy') {
    const threshold = loss.fromLogits ? 0 : 0.5;
    return { classCount, width, predict: named(([second = NaN]) => Number(second > threshold)), probabilities: (row) => bothOf(probabilities(row)[0]!) };
  }
  return width < 2 || width > MAX_CLASSES ? null : { classCount: width, width, predict: named(indexOfGreatest), probabilities };
}

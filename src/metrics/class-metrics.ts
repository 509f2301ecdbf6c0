// Precision and recall out of a confusion matrix. Imports nothing, so that a browser may have it as well.

export interface ClassCounts {
  trueCount: number;
  predictedCount: number;
  correctCount: number;
  /** Null where nothing was taken for the class. */
  precision: number | null;
  /** Null where nothing is of the class. */
  recall: number | null;
  /** Null where both are. */
  f1: number | null;
}

/** One for each class of a square matrix of counts: rows are true classes, columns predicted ones. */
export function classMetrics(confusionMatrix: readonly (readonly number[])[]): ClassCounts[] {
  return confusionMatrix.map((row, index) => {
    const correctCount = row[index] ?? 0;
    const trueCount = sum(row);
    const predictedCount = sum(confusionMatrix.map((other) => other[index] ?? 0));
    const f1 = share(2 * correctCount, trueCount + predictedCount);
    return { trueCount, predictedCount, correctCount, precision: share(correctCount, predictedCount), recall: share(correctCount, trueCount), f1 };
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

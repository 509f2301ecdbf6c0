// Precision and recall out of a confusion matrix.

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

export interface Confusion {
  /** Square: rows are true classes, columns predicted ones. */
  confusionMatrix: readonly (readonly number[])[];
  /** Examples of each true class for which nothing was predicted. */
  unpredictedCounts: readonly number[];
}

/** One for each class. An example for which nothing was predicted is one that its class was not found in. */
export function classMetrics({ confusionMatrix, unpredictedCounts }: Confusion): ClassCounts[] {
  return confusionMatrix.map((row, index) => {
    const correctCount = row[index] ?? 0;
    const trueCount = sum(row) + (unpredictedCounts[index] ?? 0);
    const predictedCount = sum(confusionMatrix.map((other) => other[index] ?? 0));
    const f1 = share(2 * correctCount, trueCount + predictedCount);
    return { trueCount, predictedCount, correctCount, precision: share(correctCount, predictedCount), recall: share(correctCount, trueCount), f1 };
  });
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

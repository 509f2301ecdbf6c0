// A confusion matrix as people read it: rows are what examples are, columns what the model took them for.

export type Matrix = readonly (readonly number[])[];

/** How strongly each cell is coloured, from 0 to 1: by its part of its row, small parts of mistakes being raised. */
export const strengthOf = (count: number, rowTotal: number, isRight: boolean): number => (rowTotal === 0 || count === 0 ? 0 : isRight ? count / rowTotal : Math.min(1, Math.max(0.12, Math.sqrt(count / rowTotal) * 1.6)));

export const total = (row: readonly number[]): number => row.reduce((sum, one) => sum + one, 0);

/** How many of all were right. */
export function rightOf(matrix: Matrix): { right: number; all: number } {
  return { right: total(matrix.map((row, at) => row[at] ?? 0)), all: total(matrix.map(total)) };
}

export interface Confusion {
  truth: number;
  predicted: number;
  count: number;
}

/** The mistakes that were made most often, first things first. */
export function topConfusions(matrix: Matrix, most: number): Confusion[] {
  return matrix
    .flatMap((row, truth) => row.map((count, predicted) => ({ truth, predicted, count })))
    .filter(({ truth, predicted, count }) => truth !== predicted && count > 0)
    .sort((a, b) => b.count - a.count || a.truth - b.truth || a.predicted - b.predicted)
    .slice(0, most);
}

/** Which of the epochs that have an evaluation is shown: the one asked for, or the nearest before it, or else the first. */
export function placeOfEpoch(epochs: readonly number[], asked: number | null): number {
  if (asked === null) return epochs.length - 1;
  return Math.max(0, epochs.findLastIndex((epoch) => epoch <= asked));
}

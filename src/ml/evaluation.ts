// What a classifier says of the validation examples, class by class: how often each class was taken for which, and the
// examples that it was most wrong about. From the outputs of the evaluation itself; nothing is computed twice.
import { classReader, type ClassReader } from './class-reader.js';
import type { ExamplesPlace } from './data.js';
import type { Examples } from './engines/engine.js';
import type { TargetChoice } from './metrics.js';
import { Ranking } from './ranking.js';

/** Classes by their index in `labels`; probabilities to six decimals. */
export interface SamplePrediction {
  /** Of the example, in the data set's split. */
  index: number;
  trueClass: number;
  predictedClass: number;
  trueProbability: number;
  predictedProbability: number;
}

export interface Evaluation {
  split: ExamplesPlace['split'];
  /** Name of each class. */
  labels: string[];
  /** Examples by true class (row) and predicted class (column). */
  confusionMatrix: number[][];
  /** Examples with a NaN among their outputs: nothing was predicted, and no cell counts them. */
  unpredictedCount: number;
  /** The wrong ones, the surest first; then the right ones, the least sure first. */
  samples: SamplePrediction[];
}

export interface ClassifierChoice extends TargetChoice {
  /** Names of the data set's classes; a class without one has its number. */
  labels: readonly string[];
  /** Their class indices, and where they lie in the data set. */
  examples: Pick<Examples, 'y'> & { place: ExamplesPlace };
}

/** Makes an evaluation each epoch. */
export interface Evaluator {
  begin(): EvaluationTally;
}

export interface EvaluationTally {
  /** Outputs of the examples from `from` on, row-major `[count, ...outputShape]`. */
  add(outputs: Float32Array, from: number): void;
  evaluation(): Evaluation;
}

export const MAX_SAMPLES = 60;
/** Epochs up to this one all have an evaluation in the log. */
const DENSE_EPOCHS = 200;

/**
 * Whether the epoch, which counts from 1, is one whose evaluation is told: all at first, then every tenth, hundredth, …
 * A run of very many epochs so tells some hundred.
 */
export function isEvaluationTold(epoch: number): boolean {
  let every = 1;
  while (epoch > DENSE_EPOCHS * every) every *= 10;
  return epoch % every === 0;
}

/** Null where the model tells no classes apart: a regression, or more classes than anybody looks at. */
export function createEvaluator(choice: ClassifierChoice): Evaluator | null {
  const reader = classReader(choice);
  return reader === null ? null : { begin: () => new Tally(choice, reader) };
}

class Tally implements EvaluationTally {
  readonly #choice: ClassifierChoice;
  readonly #reader: ClassReader;
  /** Row-major `[classCount, classCount]`. */
  readonly #counts: Float64Array;
  readonly #wrong = new Ranking<SamplePrediction>(MAX_SAMPLES);
  readonly #right = new Ranking<SamplePrediction>(MAX_SAMPLES);
  #unpredicted = 0;

  constructor(choice: ClassifierChoice, reader: ClassReader) {
    this.#choice = choice;
    this.#reader = reader;
    this.#counts = new Float64Array(reader.classCount ** 2);
  }

  add(outputs: Float32Array, from: number): void {
    const { classCount, width } = this.#reader;
    const { examples: { y, place } } = this.#choice;
    for (let at = 0, example = from; at < outputs.length; at += width, example++) {
      const trueClass = y[example]!;
      const predictedClass = this.#reader.predict(outputs, at);
      if (predictedClass === null) {
        this.#unpredicted += 1;
        continue;
      }
      this.#counts[trueClass * classCount + predictedClass]! += 1;
      const predictedProbability = this.#reader.probability(outputs, at, predictedClass);
      const isRight = predictedClass === trueClass;
      const [ranking, rank] = isRight ? [this.#right, predictedProbability] : [this.#wrong, -predictedProbability];
      if (!ranking.takes(rank)) continue;
      const trueProbability = isRight ? predictedProbability : this.#reader.probability(outputs, at, trueClass);
      ranking.add(rank, { index: place.from + example, trueClass, predictedClass, trueProbability, predictedProbability });
    }
  }

  evaluation(): Evaluation {
    const { classCount } = this.#reader;
    const { labels, examples: { place } } = this.#choice;
    return {
      split: place.split,
      labels: Array.from({ length: classCount }, (_, index) => labels[index] ?? String(index)),
      confusionMatrix: Array.from({ length: classCount }, (_, row) => Array.from(this.#counts.subarray(row * classCount, (row + 1) * classCount))),
      unpredictedCount: this.#unpredicted,
      samples: [...this.#wrong.items, ...this.#right.items].slice(0, MAX_SAMPLES).map(rounded),
    };
  }
}

const rounded = (sample: SamplePrediction): SamplePrediction => ({ ...sample, trueProbability: toSixDecimals(sample.trueProbability), predictedProbability: toSixDecimals(sample.predictedProbability) });
const toSixDecimals = (probability: number): number => Math.round(probability * 1e6) / 1e6;

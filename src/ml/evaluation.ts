// What a classifier says of the validation examples, class by class: how often each class was taken for which, and the
// examples that it was most wrong about. From the outputs of the evaluation itself; nothing is computed twice.
import { DENSE_EPOCHS, MAX_SAMPLES } from '../schemas/evaluation-limits.js';
import type { EvaluationData, SamplePrediction } from '../schemas/event.js';
import { classReader, type ClassReader } from './class-reader.js';
import type { ExamplesPlace } from './data.js';
import type { Examples } from './engines/engine.js';
import type { TargetChoice } from './metrics.js';
import { Ranking } from './ranking.js';

/** Before anybody says of which epoch it is. */
export type Evaluation = Omit<EvaluationData, 'attempt' | 'epoch' | 'step'>;

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
  /** By true class. */
  readonly #unpredicted: number[];

  constructor(choice: ClassifierChoice, reader: ClassReader) {
    this.#choice = choice;
    this.#reader = reader;
    this.#counts = new Float64Array(reader.classCount ** 2);
    this.#unpredicted = new Array<number>(reader.classCount).fill(0);
  }

  add(outputs: Float32Array, from: number): void {
    const { classCount, width } = this.#reader;
    const { examples: { y, place } } = this.#choice;
    for (let at = 0, example = from; at < outputs.length; at += width, example++) {
      const trueClass = y[example]!;
      const row = [...outputs.subarray(at, at + width)];
      const predictedClass = this.#reader.predict(row);
      if (predictedClass === null) {
        this.#unpredicted[trueClass]! += 1;
        continue;
      }
      this.#counts[trueClass * classCount + predictedClass]! += 1;
      const probabilities = this.#reader.probabilities(row);
      const [trueProbability, predictedProbability] = [probabilities[trueClass]!, probabilities[predictedClass]!];
      const [ranking, rank] = predictedClass === trueClass ? [this.#right, predictedProbability] : [this.#wrong, -predictedProbability];
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
      unpredictedCounts: [...this.#unpredicted],
      samples: [...this.#wrong.items, ...this.#right.items].slice(0, MAX_SAMPLES).map(rounded),
    };
  }
}

const rounded = (sample: SamplePrediction): SamplePrediction => ({ ...sample, trueProbability: toSixDecimals(sample.trueProbability), predictedProbability: toSixDecimals(sample.predictedProbability) });
const toSixDecimals = (probability: number): number => Math.round(probability * 1e6) / 1e6;

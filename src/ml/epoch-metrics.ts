// The numbers of one epoch: their names, and their means over its batches.
import type { MetricName } from '../schemas/spec.js';
import type { BatchResult } from './engines/engine.js';
import { snakeCase } from './graph-types.js';

/** The names of an epoch's metrics, in Keras' terms: what a callback may monitor. */
export function epochMetricNames(metrics: readonly MetricName[], hasValidation: boolean): string[] {
  const names = ['loss', ...metrics.map((metric) => snakeCase(metric))];
  return hasValidation ? [...names, ...names.map((name) => `val_${name}`)] : names;
}

/** `val_loss`, `val_accuracy`, … */
export function validationMetrics({ loss, metrics }: BatchResult): Record<string, number> {
  return Object.fromEntries(Object.entries({ loss, ...metrics }).map(([name, value]) => [`val_${name}`, value]));
}

/** Of each metric times the examples of its batch. */
export interface EpochSums {
  examples: number;
  metrics: Readonly<Record<string, number>>;
}

/** Means weighted by examples, so that a short last batch counts for what it is. */
export class EpochMeans {
  readonly #sums: Map<string, number>;
  #examples: number;

  /** Goes on from `sums` where there are some. */
  constructor(sums: EpochSums = { examples: 0, metrics: {} }) {
    this.#sums = new Map(Object.entries(sums.metrics));
    this.#examples = sums.examples;
  }

  get sums(): EpochSums {
    return { examples: this.#examples, metrics: Object.fromEntries(this.#sums) };
  }

  add({ loss, metrics }: BatchResult, examples: number): void {
    this.#examples += examples;
    for (const [name, value] of Object.entries({ loss, ...metrics })) {
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + value * examples);
    }
  }

  means(): Record<string, number> {
    return Object.fromEntries([...this.#sums].map(([name, sum]) => [name, sum / this.#examples]));
  }
}

// Blocks of steps as a trainer reports them, with numbers that have as many digits as losses have.
import { key, uniform } from '../../src/ml/rng.js';
import type { EventOf, NewEvent } from '../../src/schemas/event.js';

export type Block = Extract<NewEvent, { kind: 'metrics' }>;

const SEED = 42;

/** Steps from `first` on, each with a value in each series; the same at every call but for the time. */
export function block(first: number, { steps, series }: { steps: number; series: readonly string[] }): Block {
  const all = Array.from({ length: steps }, (_, index) => first + index);
  const values = series.map((name, index): [string, number[]] => {
    const stream = key(SEED, index);
    return [name, all.map((step) => uniform(stream, step))];
  });
  return { kind: 'metrics', at: new Date().toISOString(), data: { attempt: 1, epoch: 1, steps: all, series: Object.fromEntries(values), examplesPerSecond: 10_000 } };
}

export function pointsIn({ data }: Pick<EventOf<'metrics'>, 'data'>): number {
  return data.steps.length * Object.keys(data.series).length;
}

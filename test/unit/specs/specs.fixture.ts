// A small valid spec and the data set that it names.
import type { DatasetFacts } from '../../../src/specs/plan.js';
import type { RunSpec } from '../../../src/schemas/spec.js';

export const MNIST: DatasetFacts = { name: 'mnist', kind: 'image', inputShape: [28, 28, 1], labels: [...'0123456789'], trainCount: 60_000, testCount: 10_000 };

export const LIMITS = { limitBytes: 8 * 2 ** 30 };

export function validSpec(changes: Partial<RunSpec> = {}): RunSpec {
  return {
    dataset: { name: 'mnist' },
    model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }] },
    optimizer: { type: 'adam', learningRate: 0.001 },
    loss: 'categoricalCrossentropy',
    fit: { batchSize: 128, epochs: 5 },
    ...changes,
  };
}

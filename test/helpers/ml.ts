// Small graphs and comparisons for the tests of the training core.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
// Brings TF.js' gradients, which tfjs-core alone does not.
import '@tensorflow/tfjs-layers';
import type { Test } from 'tap';
import type { EngineSpec } from '../../src/ml/engines/engine.js';
import type { Graph, GraphLayer, Shape } from '../../src/ml/graph-types.js';

/** The reference backend, in plain JavaScript. */
export async function useCpu(): Promise<void> {
  await tf.setBackend('cpu');
}

/** Layers one after the other, named as given or `<type><position>`. */
export function chain(inputShape: Shape, layers: readonly GraphLayer[]): Graph {
  const input = { name: 'input', layer: { type: 'input' as const, shape: [...inputShape] }, inputs: [], pointer: '/model' };
  const named = layers.map((layer, index) => ({ layer, index, name: layer.name ?? `${layer.type}${index + 1}` }));
  const nodes = named.map(({ layer, index, name }) => ({
    name,
    layer,
    inputs: [index === 0 ? 'input' : named[index - 1]!.name],
    pointer: `/model/layers/${index}`,
  }));
  return { nodes: [input, ...nodes], input: 'input', output: nodes.at(-1)!.name };
}

/** A spec of a classifier on three classes, with what the test changes. */
export function classifierSpec(changes: Partial<EngineSpec> & Pick<EngineSpec, 'graph' | 'inputShape'>): EngineSpec {
  return {
    classCount: 3,
    preprocessing: [],
    optimizer: { type: 'sgd', learningRate: 0.1 },
    loss: { type: 'sparseCategoricalCrossentropy', fromLogits: false },
    metrics: ['accuracy'],
    seed: 7,
    ...changes,
  };
}

/** Deterministic values in (-0.5, 0.5) that follow no simple pattern. */
export function wave(size: number, phase = 0): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + phase) * 0.5);
}

/** Asserts equality within an absolute and a relative tolerance. */
export function near(t: Test, found: ArrayLike<number>, wanted: ArrayLike<number>, { message, tolerance = 1e-5 }: { message: string; tolerance?: number }): void {
  const worst = Array.from(wanted).reduce((most, value, i) => Math.max(most, Math.abs(found[i]! - value) / Math.max(1, Math.abs(value))), 0);
  const ok = found.length === wanted.length && worst <= tolerance;
  t.ok(ok, message, ok ? {} : { worst, found: Array.from(found), wanted: Array.from(wanted) });
}

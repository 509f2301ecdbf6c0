// Weights and optimizer slots between TF.js variables and plain arrays.
import * as tf from '@tensorflow/tfjs-core';
import { elementsOf, sameShape } from '../graph-types.js';
import type { StoredTensor } from './engine.js';

export interface NamedVariable {
  name: string;
  variable: tf.Variable;
}

/** Copies, in the order of `variables`. */
export async function readVariables(variables: readonly NamedVariable[]): Promise<StoredTensor[]> {
  return Promise.all(
    variables.map(async ({ name, variable }) => ({
      name,
      shape: [...variable.shape],
      dtype: 'float32' as const,
      // The CPU backend answers with its own memory.
      data: Float32Array.from(await variable.data()),
    })),
  );
}

interface Known {
  name: string;
  shape: readonly number[];
}

/** Pairs what is known with what was stored. @throws Error when names, shapes or sizes do not fit. */
export function matchTensors<K extends Known>(known: readonly K[], stored: readonly StoredTensor[]): { known: K; tensor: StoredTensor }[] {
  const byName = new Map(stored.map((tensor) => [tensor.name, tensor]));
  const unknown = stored.find(({ name }) => !known.some((one) => one.name === name));
  if (unknown !== undefined) throw new Error(`the model has no ${unknown.name}`);
  return known.map((one) => {
    const tensor = byName.get(one.name);
    if (tensor === undefined) throw new Error(`${one.name} is missing`);
    if (!sameShape(tensor.shape, one.shape)) {
      throw new Error(`${one.name} has shape [${tensor.shape.join(', ')}], but the model's is [${one.shape.join(', ')}]`);
    }
    const size = elementsOf(one.shape);
    if (tensor.data.length !== size) throw new Error(`${one.name} has ${tensor.data.length} values of ${size}`);
    return { known: one, tensor };
  });
}

/** Copies `stored` in, all or nothing. @throws Error when names, shapes or sizes do not fit. */
export function writeVariables(variables: readonly NamedVariable[], stored: readonly StoredTensor[]): void {
  const pairs = matchTensors(variables.map(({ name, variable }) => ({ name, shape: variable.shape, variable })), stored);
  tf.tidy(() => {
    for (const { known, tensor } of pairs) known.variable.assign(tf.tensor(Float32Array.from(tensor.data), [...tensor.shape], 'float32'));
  });
}

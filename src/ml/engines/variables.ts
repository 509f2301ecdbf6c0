// Weights and optimizer slots between TF.js variables and plain arrays.
import * as tf from '@tensorflow/tfjs-core';
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

function checked(variables: readonly NamedVariable[], stored: readonly StoredTensor[]): { variable: tf.Variable; tensor: StoredTensor }[] {
  const byName = new Map(stored.map((tensor) => [tensor.name, tensor]));
  const unknown = stored.find(({ name }) => !variables.some((known) => known.name === name));
  if (unknown !== undefined) throw new Error(`the model has no ${unknown.name}`);
  return variables.map(({ name, variable }) => {
    const tensor = byName.get(name);
    if (tensor === undefined) throw new Error(`${name} is missing`);
    if (tensor.shape.join() !== variable.shape.join()) {
      throw new Error(`${name} has shape [${tensor.shape.join(', ')}], but the model's is [${variable.shape.join(', ')}]`);
    }
    if (tensor.data.length !== variable.size) throw new Error(`${name} has ${tensor.data.length} values of ${variable.size}`);
    return { variable, tensor };
  });
}

/** Copies `stored` in, all or nothing. @throws Error when names, shapes or sizes do not fit. */
export function writeVariables(variables: readonly NamedVariable[], stored: readonly StoredTensor[]): void {
  const pairs = checked(variables, stored);
  tf.tidy(() => {
    for (const { variable, tensor } of pairs) variable.assign(tf.tensor(Float32Array.from(tensor.data), [...tensor.shape], 'float32'));
  });
}

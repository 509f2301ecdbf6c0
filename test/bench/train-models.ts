// The models of the training bench, and by how much the compiled engine should beat the others on them.
import { findRecipe } from '../../src/recipes/catalog.js';
import type { RunSpec } from '../../src/schemas/spec.js';

/** peers.py says the same layers in the words of Keras and of PyTorch. */
const RECIPE_OF = { softmax: 'mnist-softmax', dense: 'mnist-relu', cnn: 'mnist-cnn', 'cnn-bn-dropout': 'mnist-cnn-bn-dropout' } as const;

export type ModelName = keyof typeof RECIPE_OF;
export const MODEL_NAMES = Object.keys(RECIPE_OF) as ModelName[];
export const BATCH_SIZES = [64, 128, 1024];

/** The recipe's layers under one optimizer for all, Adam at a constant rate. */
export function trainSpec(model: ModelName, batchSize: number): RunSpec {
  const recipe = findRecipe(RECIPE_OF[model]);
  if (recipe === null) throw new Error(`there is no recipe ${RECIPE_OF[model]}`);
  const { schedule: _, ...spec } = recipe.spec;
  return { ...spec, optimizer: { type: 'adam', learningRate: 0.001 }, fit: { batchSize, epochs: 1, seed: 42 } };
}

export interface Bar {
  engine: string;
  over: string;
  model: ModelName;
  batchSize: number;
  /** Ratio of the medians. */
  atLeast: number;
  aim?: number;
}

const bar = (over: string, model: ModelName, atLeast: number, aim?: number): Bar => ({
  engine: 'compiled-cpu', over, model, batchSize: 128, atLeast, ...(aim === undefined ? {} : { aim }),
});

/** On two x86-64 cores. */
export const BARS: readonly Bar[] = [
  bar('keras', 'softmax', 4),
  bar('keras', 'dense', 1.5),
  bar('keras', 'cnn', 0.8, 1),
  bar('keras', 'cnn-bn-dropout', 0.8),
  bar('pytorch', 'softmax', 2),
  bar('pytorch', 'dense', 1.1),
  bar('pytorch', 'cnn', 1),
  bar('eager-wasm', 'dense', 8),
];

// A few training steps of a small model on a named TF.js backend, for comparing backends with each other.
import { createEagerEngine } from '../../src/ml/engines/eager/engine.js';
import { selectBackend } from '../../src/ml/engines/eager/backends.js';
import type { Examples, StoredTensor } from '../../src/ml/engines/engine.js';
import { graphFromModelSpec } from '../../src/ml/graph.js';
import type { Layer } from '../../src/schemas/layers.js';
import type { Optimizer } from '../../src/schemas/optimization.js';
import type { Backend, LossName } from '../../src/schemas/spec.js';

export interface SmallModel {
  layers: readonly Layer[];
  inputShape?: readonly number[];
  loss?: { type: LossName; fromLogits: boolean };
  optimizer?: Optimizer;
  classCount?: number;
}

export interface Trained {
  losses: number[];
  weights: StoredTensor[];
  /** Outputs for the first two examples. */
  outputs: Float32Array;
}

const COUNT = 10;
const BATCH = 5;

/** Numbers between -1 and 1 that look like chance. */
function scattered(size: number, from: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin((i + from) * 12.9898) % 1);
}

/** Four steps from the same start on the same examples, whatever the backend. @throws NoBackendError */
export async function trainSteps(backend: Backend, model: SmallModel): Promise<Trained> {
  await selectBackend({ device: 'auto', backend });
  const { layers, inputShape = [6, 7, 2], classCount = 3 } = model;
  const { graph, problems } = graphFromModelSpec({ layers: [...layers] }, inputShape);
  if (graph === null) throw new Error(problems.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; '));
  const session = await createEagerEngine({
    graph,
    inputShape,
    classCount,
    preprocessing: [],
    optimizer: model.optimizer ?? { type: 'sgd', learningRate: 0.1 },
    loss: model.loss ?? { type: 'categoricalCrossentropy', fromLogits: true },
    metrics: ['accuracy'],
    seed: 7,
  });
  const size = inputShape.reduce((a, b) => a * b, 1);
  const examples: Examples = {
    x: scattered(COUNT * size, 1),
    y: Uint8Array.from({ length: COUNT }, (_, i) => (i * 7) % classCount),
    count: COUNT,
    shape: inputShape,
  };
  session.bind('train', examples);
  const batches = [0, 1, 2, 3].map((step) => ({
    indices: Int32Array.from({ length: BATCH }, (_, i) => (step * 3 + i * 2) % COUNT),
    step,
    epoch: 0,
    learningRate: 0.1,
  }));
  const results = await session.train(batches);
  const trained = {
    losses: results.map(({ loss }) => loss),
    weights: await session.getWeights(),
    outputs: await session.predict(examples.x.slice(0, 2 * size) as Float32Array, 2),
  };
  session.dispose();
  return trained;
}

/** The greatest difference of losses, weights and outputs, relative to values of 1 and more. */
export function distance(a: Trained, b: Trained): number {
  const flat = ({ losses, weights, outputs }: Trained): number[] => [...losses, ...outputs, ...weights.flatMap(({ data }) => Array.from(data))];
  const [one, other] = [flat(a), flat(b)];
  if (one.length !== other.length || ![...one, ...other].every(Number.isFinite)) return Infinity;
  return Math.max(...one.map((value, i) => Math.abs(value - (other[i] as number)) / Math.max(1, Math.abs(value))));
}

/** How far training has moved from where `before` ended: a comparison of models that stand still says nothing. */
export function hasMoved({ losses }: Trained): boolean {
  return new Set(losses).size > 1;
}

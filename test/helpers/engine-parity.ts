// Twenty steps of one program in the eager engine on TF.js' cpu backend and in the compiled one, from the same seed on
// the same batches, and how far apart all their numbers are.
import type { Test } from 'tap';
import { correctGradients } from '../../src/ml/engines/gradients.js';
import { createEagerEngine } from '../../src/ml/engines/eager/engine.js';
import { createCompiledEngine, openRuntime, type Runtime } from '../../src/ml/engines/compiled/engine.js';
import type { BatchResult, EngineSession, EngineSpec, EngineState, Examples, TrainBatch } from '../../src/ml/engines/engine.js';
import { elementsOf, graphFromModelSpec, type Graph, type Shape } from '../../src/ml/graph.js';
import { concreteGraph, inferShapes } from '../../src/ml/layer-shapes.js';
import { permutation } from '../../src/ml/rng.js';
import type { ModelSpec } from '../../src/schemas/spec.js';
import { useCpu } from './ml.js';

export interface ParityModel extends Partial<Pick<EngineSpec, 'optimizer' | 'loss' | 'metrics' | 'preprocessing' | 'gradientAccumulationSteps'>> {
  model: ModelSpec;
  inputShape: Shape;
  /** Absent: 3. Null: the targets are numbers. */
  classCount?: number | null;
  /** Absent: 20. */
  steps?: number;
  /** Raw bytes instead of numbers in (-1, 1). */
  bytes?: boolean;
  learningRate?: number;
}

/** Batches of 5 out of 13 examples: the last of an epoch is short. */
const COUNT = 13;
const BATCH = 5;
const SEED = 5;

/** Of float32 numbers after twenty steps, relative to the greatest of their tensor. */
export const TOLERANCE = 1e-4;

/** Numbers in (-1, 1) that look like chance. */
export function scattered(size: number, from = 1): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => {
    const value = Math.sin((i + from) * 12.9898) * 43_758.5453;
    return 2 * (value - Math.floor(value)) - 1;
  });
}

/** @throws Error when the model is not one that the service would take. */
export function graphOf(model: ModelSpec, inputShape: Shape): { graph: Graph; outputShape: Shape } {
  const { graph, problems } = graphFromModelSpec(model, inputShape);
  const inferred = graph === null ? null : inferShapes(graph, inputShape);
  const found = [...problems, ...(inferred?.problems ?? [])];
  const outputShape = inferred?.layers.find(({ name }) => name === graph?.output)?.outputShape;
  if (graph === null || inferred === null || found.length > 0 || !outputShape) throw new Error(found.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; '));
  return { graph: concreteGraph(graph, inferred.layers), outputShape };
}

export function specOf(model: ParityModel): EngineSpec {
  return {
    graph: graphOf(model.model, model.inputShape).graph,
    inputShape: model.inputShape,
    classCount: model.classCount === undefined ? 3 : model.classCount,
    preprocessing: model.preprocessing ?? [],
    optimizer: model.optimizer ?? { type: 'sgd', momentum: 0.9 },
    loss: model.loss ?? { type: 'categoricalCrossentropy', fromLogits: true },
    metrics: model.metrics ?? ['accuracy'],
    seed: SEED,
    gradientAccumulationSteps: model.gradientAccumulationSteps,
  };
}

export function examplesOf({ model, inputShape, classCount = 3, bytes = false }: ParityModel, { count, from } = { count: COUNT, from: 1 }): Examples {
  const values = scattered(count * elementsOf(inputShape), from);
  const x = bytes ? Uint8Array.from(values, (value) => Math.round((value + 1) * 127)) : values;
  const labels = (classes: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => (i * 7 + from) % classes);
  const y = classCount === null ? scattered(count * elementsOf(graphOf(model, inputShape).outputShape), from + 3) : labels(classCount);
  return { x, y, count, shape: inputShape };
}

export function batchesOf({ steps = 20, learningRate = 0.02 }: ParityModel): TrainBatch[] {
  const perEpoch = Math.ceil(COUNT / BATCH);
  return Array.from({ length: steps }, (_, step) => {
    const epoch = Math.floor(step / perEpoch);
    const from = (step % perEpoch) * BATCH;
    return { indices: permutation(COUNT, { seed: SEED, epoch }).subarray(from, from + BATCH), step, epoch, learningRate: learningRate / (1 + epoch) };
  });
}

export interface Outcome {
  results: BatchResult[];
  state: EngineState;
  evaluation: BatchResult;
  outputs: Float32Array;
}

export async function outcomeOf(session: EngineSession, model: ParityModel): Promise<Outcome> {
  const examples = examplesOf(model);
  session.bind('train', examples);
  return {
    results: await session.train(batchesOf(model)),
    state: await session.getState(),
    evaluation: await session.evaluate('train', BATCH),
    outputs: await session.predict(examples.x, 7),
  };
}

export async function openEager(model: ParityModel): Promise<EngineSession> {
  await useCpu();
  correctGradients();
  return createEagerEngine(specOf(model));
}

export async function disposed(session: EngineSession, model: ParityModel): Promise<Outcome> {
  try {
    return await outcomeOf(session, model);
  } finally {
    session.dispose();
  }
}

export interface Deviation {
  /** Of which number: `loss`, `metrics`, `evaluation`, `outputs`, or the name of a weight or slot. */
  name: string;
  /** The greatest difference over the greatest magnitude. */
  relative: number;
}

function deviation(name: string, [a, b]: readonly [ArrayLike<number>, ArrayLike<number>], floor = 0): Deviation {
  if (a.length !== b.length) return { name, relative: Infinity };
  const [one, other] = [Array.from(a), Array.from(b)];
  const greatest = Math.max(floor, ...one.map(Math.abs));
  const difference = Math.max(0, ...one.map((value, i) => Math.abs(value - other[i]!)));
  if (!Number.isFinite(greatest) || !Number.isFinite(difference)) return { name, relative: Infinity };
  return { name, relative: difference === 0 ? 0 : difference / greatest };
}

/** A weight's slots are `<weight>/<slot>`; those of one name are of one kind. */
const kindOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** The least scale of a tensor, as a share of the greatest number of its kind. */
const LEAST_SCALE = { weights: 0.01, optimizer: 0.1 } as const;

/**
 * Each tensor is measured by its own greatest number, unless that is far below those of its kind: what a gradient that
 * is nothing but rounding leaves behind (of a bias before a normalization, say) has no scale of its own.
 */
function stateDeviations(a: EngineState, b: EngineState): Deviation[] {
  return (['weights', 'optimizer'] as const).flatMap((part) => {
    const scales = new Map<string, number>();
    for (const { name, data } of a[part]) {
      const kind = part === 'weights' ? part : kindOf(name);
      scales.set(kind, Math.max(scales.get(kind) ?? 0, ...Array.from(data, Math.abs)));
    }
    return a[part].map(({ name, data, shape }, i) => {
      const other = b[part][i];
      if (other?.name !== name || other.shape.join() !== shape.join()) return { name, relative: Infinity };
      return deviation(name, [data, other.data], LEAST_SCALE[part] * scales.get(part === 'weights' ? part : kindOf(name))!);
    });
  });
}

function deviations(a: Outcome, b: Outcome): Deviation[] {
  const losses = ({ results }: Outcome): number[] => results.map(({ loss }) => loss);
  const metrics = ({ results }: Outcome): number[] => results.flatMap((result) => Object.values(result.metrics));
  const evaluation = (outcome: Outcome): number[] => [outcome.evaluation.loss, ...Object.values(outcome.evaluation.metrics)];
  return [
    deviation('loss', [losses(a), losses(b)]),
    deviation('metrics', [metrics(a), metrics(b)]),
    deviation('evaluation', [evaluation(a), evaluation(b)]),
    deviation('outputs', [a.outputs, b.outputs]),
    { name: 'step', relative: a.state.step === b.state.step && a.state.optimizer.length === b.state.optimizer.length ? 0 : Infinity },
    ...stateDeviations(a.state, b.state),
  ];
}

export function greatestDeviation(a: Outcome, b: Outcome): Deviation {
  return deviations(a, b).reduce((most, one) => (one.relative > most.relative ? one : most));
}

export interface Comparison {
  /** One for each runtime. */
  worst: Deviation[];
  /** Whether the loss changed from step to step: models that stand still agree about nothing. */
  hasMoved: boolean;
}

/** @throws UncapturableError */
export async function compareEngines(model: ParityModel, runtimes: readonly Runtime[]): Promise<Comparison> {
  const eager = await disposed(await openEager(model), model);
  const worst: Deviation[] = [];
  for (const runtime of runtimes) {
    const compiled = await disposed(await createCompiledEngine(specOf(model), runtime), model);
    worst.push(greatestDeviation(eager, compiled));
  }
  return { worst, hasMoved: new Set(eager.results.map(({ loss }) => loss)).size > eager.results.length / 2 };
}

/** On one thread: with blocked convolutions where this machine has them, and as without them, which is the way on GPUs. */
export async function openRuntimes(): Promise<Runtime[]> {
  const runtime = await openRuntime({ provider: 'cpu', threads: 1 });
  return runtime.block === null ? [runtime] : [runtime, { ...runtime, block: null }];
}

export async function assertParity(t: Test, title: string, { model, runtimes }: { model: ParityModel; runtimes: readonly Runtime[] }): Promise<void> {
  const { worst, hasMoved } = await compareEngines(model, runtimes);
  t.ok(hasMoved, `${title} learns`);
  for (const [i, { name, relative }] of worst.entries()) {
    t.ok(relative < TOLERANCE, `${title} learns the same${runtimes[i]!.block === null ? ' without blocks' : ''}, to ${relative.toExponential(0)} (${name})`);
  }
}

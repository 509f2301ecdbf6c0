// From a spec to a session that is ready to train, and the loop's settings. Faults carry a cause.
import { createDatasetCatalog } from '../src/datasets/catalog.js';
import { loadMnist } from '../src/datasets/mnist.js';
import { chooseExamples } from '../src/ml/data.js';
import { UncapturableError } from '../src/ml/engines/compiled/engine.js';
import { NoBackendError } from '../src/ml/engines/eager/backends.js';
import { NoEngineError, openEngine, type OpenEngine } from '../src/ml/engines/open-engine.js';
import { createEvaluator } from '../src/ml/evaluation.js';
import { baseLearningRate } from '../src/ml/schedule.js';
import type { TrainSettings } from '../src/ml/train.js';
import { effectiveLoss } from '../src/portable/answer.js';
import type { RuledOut } from '../src/schemas/ipc.js';
import type { FailureReason } from '../src/schemas/run.js';
import type { RunSpec } from '../src/schemas/spec.js';
import { defaultMetrics, effectiveCheckpoints, effectiveFit, effectivePreprocessing } from '../src/specs/defaults.js';
import { trainingGraph } from '../src/specs/training-graph.js';

/** A fault with a cause that a client can act on. */
export class TrainingFault extends Error {
  readonly reason: FailureReason;

  constructor(reason: FailureReason, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.reason = reason;
  }
}

/** Gives a failing step its cause. */
async function because<T>(reason: FailureReason, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw new TrainingFault(reason, error);
  }
}

/** No device is one cause, a model that the engine asked for cannot express another; the rest is others' business. */
async function onDevice<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof UncapturableError) throw new TrainingFault('invalid_spec', error);
    if (error instanceof NoBackendError || error instanceof NoEngineError) throw new TrainingFault('device_missing', error);
    throw error;
  }
}

export function datasetOf(spec: RunSpec) {
  const dataset = createDatasetCatalog().find(spec.dataset.name);
  if (dataset === null) throw new TrainingFault('data_missing', new Error(`there is no data set ${spec.dataset.name} on this box`));
  return dataset;
}

export interface PrepareOptions {
  ruledOut: readonly RuledOut[];
  /** Cores that the run may use; all when absent. */
  threads?: number | undefined;
  /** 1 when absent. */
  gradientAccumulationSteps?: number | undefined;
  onEngine(opened: OpenEngine): void;
}

/** Engine, model and data; the session is ready to train. */
export async function prepare(spec: RunSpec, { ruledOut, threads, gradientAccumulationSteps, onEngine }: PrepareOptions) {
  const { device = 'auto', backend = 'auto' } = spec.resources ?? {};
  const dataset = datasetOf(spec);
  const graph = await because('invalid_spec', () => trainingGraph(spec, dataset.inputShape));
  const { train, validation } = chooseExamples(await because('data_missing', loadMnist), spec.dataset);
  const { batchSize, seed } = effectiveFit(spec);
  const loss = effectiveLoss(spec.loss);
  const { labels } = dataset;
  const opened = await onDevice(() =>
    openEngine({
      engine: spec.engine ?? 'auto',
      device,
      backend,
      ruledOut,
      threads,
      spec: {
        graph,
        inputShape: dataset.inputShape,
        classCount: labels.length,
        preprocessing: effectivePreprocessing(spec, dataset.kind),
        optimizer: spec.optimizer,
        loss,
        metrics: defaultMetrics(spec),
        seed,
        gradientAccumulationSteps,
      },
      train,
      validation,
      batchSize,
    }),
  );
  onEngine(opened);
  const { session } = opened;
  const evaluator = validation === null ? null : createEvaluator({ loss, outputShape: session.outputShape, classCount: labels.length, labels, examples: validation });
  return { session, trainCount: train.count, hasValidation: validation !== null, evaluator };
}

/** All that the loop needs besides what `prepare` answers. */
export function settingsOf(spec: RunSpec): Omit<TrainSettings, 'session' | 'trainCount' | 'hasValidation' | 'signal'> {
  return {
    ...effectiveFit(spec),
    learningRate: baseLearningRate(spec.optimizer),
    schedule: spec.schedule ?? { type: 'constant' },
    metrics: defaultMetrics(spec),
    callbacks: spec.callbacks ?? [],
    checkpoints: effectiveCheckpoints(spec).policy,
    now: () => performance.now(),
  };
}

// What a run spec means where it is silent: one place for each default. The planner, the trainer and the
// search columns all ask here. (Arguments of optimizers and schedules have theirs where they are computed, in src/ml.)
import { effectiveLoss, isCrossentropy } from '../portable/answer.js';
import type { DatasetSpec, MetricName, Preprocessing, RunSpec } from '../schemas/spec.js';

export const DEFAULT_SEED = 42;

/** `image`: uint8 pixels, 0 to 255. `table`: numbers as they are. */
export type DatasetKind = 'image' | 'table';

export function effectiveFit(spec: RunSpec): { batchSize: number; epochs: number; seed: number; shuffle: boolean } {
  const { batchSize, epochs, seed = DEFAULT_SEED, shuffle = true } = spec.fit;
  return { batchSize, epochs, seed, shuffle };
}

/** The metrics to measure: the spec's own, else accuracy for a cross-entropy and none for the other losses. */
export function defaultMetrics(spec: Pick<RunSpec, 'metrics' | 'loss'>): readonly MetricName[] {
  return spec.metrics ?? (isCrossentropy(effectiveLoss(spec.loss).type) ? ['accuracy'] : []);
}

/** When the state of training is kept, and what of it stays. */
export function effectiveCheckpoints({ checkpoints = {} }: Pick<RunSpec, 'checkpoints'>) {
  const { everySteps, everyEpochs, everySeconds, keepLast = 2, keepBest = 0, monitor } = checkpoints;
  const isSilent = everySteps === undefined && everyEpochs === undefined && everySeconds === undefined;
  return { policy: { everySteps, everyEpochs, everySeconds: isSilent ? 60 : everySeconds }, keepLast, keepBest, monitor };
}

/** From stored values to the model's input: the spec's own steps, else 1/255 for images and none for tables. */
export function effectivePreprocessing(spec: Pick<RunSpec, 'dataset'>, datasetKind: DatasetKind): readonly Preprocessing[] {
  return spec.dataset.preprocessing ?? (datasetKind === 'image' ? [{ type: 'rescaling', scale: 1 / 255 }] : []);
}

export function effectiveValidation(dataset: DatasetSpec): NonNullable<DatasetSpec['validation']> {
  return dataset.validation ?? 'test';
}

/**
 * How many examples train and how many validate. `take` cuts both splits; a split share is held out from the
 * end of what was taken, rounded as Keras does. Either count may come out as 0, which the planner refuses.
 */
export function exampleCounts(dataset: DatasetSpec, available: { trainCount: number; testCount: number }): { trainCount: number; validationCount: number } {
  const take = dataset.take ?? Infinity;
  const taken = Math.min(take, available.trainCount);
  const validation = effectiveValidation(dataset);
  if (validation === 'none') return { trainCount: taken, validationCount: 0 };
  if (validation === 'test') return { trainCount: taken, validationCount: Math.min(take, available.testCount) };
  const trainCount = Math.floor(taken * (1 - validation.split));
  return { trainCount, validationCount: taken - trainCount };
}

/** The base learning rate, before any schedule. */
export { baseLearningRate } from '../ml/schedule.js';

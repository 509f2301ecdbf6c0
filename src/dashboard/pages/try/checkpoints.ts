// The states of a run's training that were kept, as weights to try.
import type { Artifact, Run } from '../../api/types.js';
import { count } from '../../lib/format.js';
import { readSafetensors, tensorsBelow, type NamedTensor } from '../../../portable/safetensors.js';

export interface Checkpoint {
  step: number;
  sha256: string;
  url: string;
}

/** By step. */
export function checkpointsOf(files: readonly Artifact[]): Checkpoint[] {
  const found = files.flatMap(({ path, sha256, url }) => {
    const step = /^checkpoints\/step-(\d+)\.safetensors$/.exec(path)?.[1];
    return step === undefined ? [] : [{ step: Number(step), sha256, url }];
  });
  return found.sort((a, b) => a.step - b.step);
}

/** The weights in a checkpoint's file, by their names in the model. @throws CheckpointFileError */
export const weightsIn = (bytes: ArrayBuffer): NamedTensor[] => tensorsBelow(readSafetensors(new Uint8Array(bytes)), 'weights');

/** `epoch 3`, or `epoch 2.5` within one. */
export function epochAt(step: number, { totalSteps, epochs }: Pick<Run['progress'], 'totalSteps' | 'epochs'>): string {
  const epoch = (step * epochs) / totalSteps;
  return `epoch ${Number.isInteger(epoch) ? count(epoch) : epoch.toFixed(1)}`;
}

/** Of a place on the scrubber, whose last is the stored model. */
export function nameOf(checkpoint: Checkpoint | undefined, { progress, keptEpoch }: Pick<Run, 'progress' | 'keptEpoch'>): string {
  if (checkpoint === undefined) return keptEpoch === null ? 'the model' : `the model, epoch ${count(keptEpoch)}`;
  return `${epochAt(checkpoint.step, progress)}, step ${count(checkpoint.step)}`;
}

// What becomes of a run when an attempt of it fails, by the cause.
import type { FailureReason, Run } from '../schemas/run.js';
import { effectiveFit } from '../specs/defaults.js';

/**
 * `again`: back into the queue, from its last training state, up to the allowed number of starts.
 * `in parts`: the same once, with half the batch at a time; see `partsAfter`.
 * `never`: it has failed. Someone may change what the cause was and start it anew.
 */
export type Retry = 'again' | 'in parts' | 'never';

export const RETRIES: Readonly<Record<FailureReason, Retry>> = {
  // A process was killed or a machine went away: on another day, or another machine, the same run succeeds.
  worker_lost: 'again',
  trainer_lost: 'again',
  // The scheduler has chosen the device: another may do.
  device_missing: 'again',
  // Half the batch needs half the memory for activations, and gives the same step.
  out_of_gpu_memory: 'in parts',
  // The same seed and numbers would come to the same end.
  non_finite_loss: 'never',
  invalid_spec: 'never',
  timeout: 'never',
  // A fault of the service, which trying again does not mend.
  internal: 'never',
  // Someone has to see to the machine first.
  data_missing: 'never',
  disk_full: 'never',
  out_of_memory: 'never',
};

/** How many parts each batch is to be computed in after a whole one was too much; null when there is nothing left to try. */
export function partsAfter({ spec, gradientAccumulationSteps }: Pick<Run, 'spec' | 'gradientAccumulationSteps'>): number | null {
  return gradientAccumulationSteps === 1 && effectiveFit(spec).batchSize > 1 ? 2 : null;
}

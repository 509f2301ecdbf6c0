// What becomes of a run when an attempt of it fails, by the cause.
import type { FailureReason } from '../schemas/run.js';

/**
 * `again`: back into the queue, from its last training state, up to the allowed number of starts.
 * `never`: it has failed. Someone may change what the cause was and start it anew.
 */
export type Retry = 'again' | 'never';

export const RETRIES: Readonly<Record<FailureReason, Retry>> = {
  // A process was killed or a machine went away: on another day, or another machine, the same run succeeds.
  worker_lost: 'again',
  trainer_lost: 'again',
  // The same seed and numbers would come to the same end.
  non_finite_loss: 'never',
  invalid_spec: 'never',
  timeout: 'never',
  // A fault of the service, which trying again does not mend.
  internal: 'never',
  // Someone has to see to the machine first.
  data_missing: 'never',
  device_missing: 'never',
  disk_full: 'never',
  out_of_memory: 'never',
  out_of_gpu_memory: 'never',
};

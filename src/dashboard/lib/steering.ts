// What may be done to a run in the state that it is in.
import type { Run, RunState } from '../api/types.js';

export const STEERS = ['pause', 'resume', 'cancel', 'delete'] as const;
export type Steer = (typeof STEERS)[number];

const FROM: Record<Steer, readonly RunState[]> = {
  pause: ['queued', 'starting', 'running', 'lost'],
  resume: ['paused', 'failed', 'cancelled'],
  cancel: ['queued', 'starting', 'running', 'finalizing', 'pausing', 'paused', 'lost'],
  delete: ['succeeded', 'failed', 'cancelled'],
};

/** Whether the state lets it be done; rights are another question. */
export const allows = (steer: Steer, { state }: Pick<Run, 'state'>): boolean => FROM[steer].includes(state);

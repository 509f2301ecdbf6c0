// A run's life: the one table of legal changes of state. Writers compare-and-set against it.
import { RUN_STATES, type RunState } from './portable/run-states.js';

/** From each state to those that may follow. From `cancelling` nothing leads back to work; what has ended is queued again on request alone. */
export const NEXT_STATES: Record<RunState, readonly RunState[]> = {
  queued: ['starting', 'paused', 'cancelled', 'failed'],
  starting: ['running', 'queued', 'lost', 'pausing', 'cancelling', 'failed'],
  running: ['finalizing', 'queued', 'lost', 'pausing', 'cancelling', 'failed'],
  finalizing: ['succeeded', 'queued', 'lost', 'cancelling', 'failed'],
  // It may come to its end before it hears of the pause.
  pausing: ['paused', 'finalizing', 'cancelling', 'failed'],
  paused: ['queued', 'cancelled'],
  lost: ['queued', 'paused', 'cancelled', 'failed'],
  cancelling: ['cancelled', 'succeeded', 'failed'],
  succeeded: ['queued'],
  failed: ['queued'],
  cancelled: ['queued'],
};

/** Why a run is told to leave its devices; after `timeout` and `idle` it has failed, else it waits again. */
export type Leaving = 'share' | 'turn' | 'loan' | 'drain' | 'budget' | 'timeout' | 'idle';

/** The states from which `to` may be entered. */
export function statesBefore(to: RunState): RunState[] {
  return RUN_STATES.filter((from) => NEXT_STATES[from].includes(to));
}

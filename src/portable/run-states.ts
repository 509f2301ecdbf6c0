// The states that a run goes through, and what groups of them mean. `src/run-states.ts` says which may follow which.

export const RUN_STATES = ['queued', 'starting', 'running', 'finalizing', 'pausing', 'paused', 'cancelling', 'lost', 'succeeded', 'failed', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];

export const ENDED_STATES = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly RunState[];

/** States in which a run has no place on a device. */
export const WAITING_STATES = ['queued', 'paused'] as const satisfies readonly RunState[];

/** States in which an attempt is at work, and nobody has asked it to stop. */
export const WORKING_STATES = ['starting', 'running', 'finalizing'] as const satisfies readonly RunState[];

/** States in which a supervisor holds the run's lease. */
export const HELD_STATES = [...WORKING_STATES, 'pausing', 'cancelling'] as const satisfies readonly RunState[];

/** States in which a run has a place on a device, also where nothing is heard of it. */
export const PLACED_STATES = [...HELD_STATES, 'lost'] as const satisfies readonly RunState[];

const isOneOf = (states: readonly RunState[]) => (state: RunState): boolean => states.includes(state);

export const hasEnded = isOneOf(ENDED_STATES);
export const isHeld = isOneOf(HELD_STATES);
export const isPlaced = isOneOf(PLACED_STATES);

// How long a run will train, by a run before it that did the same work in each step.
import type { Plan, Run } from '../../api/types.js';
import { stepMsOf } from '../../lib/run-words.js';

export interface Estimate {
  ms: number;
  /** The run whose speed this is. */
  by: Run;
}

/** `runs` are newest first. Null where none tells: a speed of another model, or of other batches, would be a guess. */
export function estimateOf(runs: readonly Run[], spec: Partial<Run['spec']>, plan: Plan): Estimate | null {
  if (spec.fit === undefined || !plan.valid) return null;
  const mine = workOf(spec);
  for (const by of runs) {
    const stepMs = by.state === 'succeeded' && workOf(by.spec) === mine ? stepMsOf(by, Date.now()) : null;
    if (stepMs !== null) return { ms: plan.totalSteps * stepMs, by };
  }
  return null;
}

/** What a step does and where, as text that is the same for the same. */
function workOf({ model, dataset, fit, engine, resources }: Partial<Run['spec']>): string {
  return JSON.stringify([model, dataset?.name, fit?.batchSize, engine ?? 'auto', resources?.device ?? 'auto', resources?.backend ?? 'auto'], ordered);
}

/** For `JSON.stringify`: a stored spec has its keys in another order than the one that was sent. */
const ordered = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;

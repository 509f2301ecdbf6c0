// How long a run will train, by a run before it that did the same work in each step.
import type { Plan, Run } from '../../api/types.js';

export interface Estimate {
  ms: number;
  /** The run whose speed this is. */
  by: Run;
}

/** `runs` are newest first. Null where none tells: a speed of another model, or of other batches, would be a guess. */
export function estimateOf(runs: readonly Run[], spec: unknown, plan: Plan): Estimate | null {
  const { model, fit, dataset, resources } = spec as Partial<Run['spec']>;
  if (fit === undefined || !plan.valid) return null;
  const work = (of: Partial<Run['spec']>) => JSON.stringify([of.model, of.dataset?.name, of.fit?.batchSize, of.resources?.device ?? 'auto']);
  const mine = work({ model, fit, dataset, resources } as Partial<Run['spec']>);
  const by = runs.find((run) => run.state === 'succeeded' && (run.progress.examplesPerSecond ?? 0) > 0 && work(run.spec) === mine);
  return by === undefined ? null : { ms: ((plan.trainCount * fit.epochs) / by.progress.examplesPerSecond!) * 1000, by };
}

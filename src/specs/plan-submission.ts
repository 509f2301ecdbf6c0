// From a body to a plan: the code that both `runs:plan` and the creation of a run go through.
import type { DatasetCatalog } from '../datasets/catalog.js';
import type { Plan } from '../schemas/plan.js';
import type { RunSpec } from '../schemas/spec.js';
import { emptyPlan, planRun, type PlanLimits } from './plan.js';
import { checkSubmission } from './submission.js';

export type { PlanLimits };

export interface PlannedSubmission {
  /** Null when the body is malformed. */
  spec: RunSpec | null;
  recipe: string | null;
  /** Its `problems` are all that was found. */
  plan: Plan;
  /** Whether the form is at fault (400), rather than the meaning (422). */
  malformed: boolean;
}

export function planSubmission(body: unknown, datasets: DatasetCatalog, limits: PlanLimits): PlannedSubmission {
  const { spec, recipe, problems } = checkSubmission(body);
  if (spec === null) return { spec, recipe, plan: emptyPlan(problems), malformed: true };
  return { spec, recipe, plan: planRun(spec, datasets.find(spec.dataset.name), limits), malformed: false };
}

// From a body to a plan: the code that both `runs:plan` and the creation of a run go through.
import type { DatasetCatalog } from '../datasets/catalog.js';
import type { InputProblem } from '../errors.js';
import type { Plan } from '../schemas/plan.js';
import type { RunSpec } from '../schemas/spec.js';
import { emptyPlan, planRun, type PlanLimits } from './plan.js';
import { checkSubmission } from './submission.js';

export type { PlanLimits };

/** The run that a submission starts from. */
export interface Parent {
  id: string;
  spec: RunSpec;
  plan: Pick<Plan, 'layers'>;
}

export interface PlannedSubmission {
  /** Null when the body is malformed. */
  spec: RunSpec | null;
  recipe: string | null;
  /** Its `problems` are all that was found. */
  plan: Plan;
  /** Whether the form is at fault (400), rather than the meaning (422). */
  malformed: boolean;
}

/** `parent` is the run that the body wants to start from; null when it names none, or one that is not there. */
export function planSubmission(body: unknown, datasets: DatasetCatalog, limits: PlanLimits, parent: Parent | null = null): PlannedSubmission {
  const { spec, recipe, problems } = checkSubmission(body, parent?.spec);
  if (spec === null) return { spec, recipe, plan: emptyPlan(problems), malformed: true };
  const plan = planRun(spec, datasets.find(spec.dataset.name), limits);
  const misfit = parent === null || plan.problems.length > 0 ? null : otherWeights(plan, parent);
  return { spec, recipe, plan: misfit === null ? plan : { ...plan, valid: false, problems: [misfit] }, malformed: false };
}

/** The first weight in which two models differ. */
function otherWeights({ layers }: Plan, parent: Parent): InputProblem | null {
  const weightsOf = (of: Plan['layers']) => of.flatMap(({ weights }) => weights.map(({ name, shape }) => `${name} [${shape.join(', ')}]`));
  const [own, its] = [weightsOf(layers), weightsOf(parent.plan.layers)];
  const at = Array.from({ length: Math.max(own.length, its.length) }, (_, index) => index).find((index) => own[index] !== its[index]);
  if (at === undefined) return null;
  return { pointer: '/model', detail: `must have the weights of run ${parent.id}, which are to be its first: there ${its[at] ?? 'nothing more'}, here ${own[at] ?? 'nothing more'}` };
}

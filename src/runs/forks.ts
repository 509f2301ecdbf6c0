// What a submission starts from, when it starts from another run.
import type { ArtifactRepository, ResumeCheckpoint } from '../artifacts/artifact-repository.js';
import type { InputProblem } from '../errors.js';
import type { Parent } from '../specs/plan-submission.js';
import { readFork } from '../specs/submission.js';
import type { NewRun, RunRepository } from './run-repository.js';

export interface ForkSource {
  /** Null when there is no such run; that is a problem of the submission then. */
  parent: Parent | null;
  /** What the new run takes over; null when there is nothing to take. */
  fork: NonNullable<NewRun['fork']> | null;
  problems: InputProblem[];
}

const NONE: ForkSource = { parent: null, fork: null, problems: [] };

/** For a body that names no run, or does so in a form that cannot be understood, nothing at all. */
export async function findForkSource(teamId: string, body: unknown, { runs, artifacts }: { runs: RunRepository; artifacts: ArtifactRepository }): Promise<ForkSource> {
  const asked = readFork(body);
  if (asked === null) return NONE;
  const [run, plan] = await Promise.all([runs.find(teamId, asked.runId), runs.findPlan(asked.runId)]);
  if (run === null || plan === null) return NONE;
  const parent = { id: run.id, spec: run.spec, plan };
  const states = await artifacts.resumeCheckpoints(run.id);
  const state = asked.step === undefined ? states[0] : states.find(({ step }) => step === asked.step);
  if (state === undefined) return { parent, fork: null, problems: [noState(run.id, asked.step, states)] };
  return { parent, fork: { runId: run.id, step: state.step, path: state.path }, problems: [] };
}

function noState(runId: string, step: number | undefined, states: readonly ResumeCheckpoint[]): InputProblem {
  if (states.length === 0) return { pointer: '/fork/runId', detail: `run ${runId} has no training state to start from` };
  const steps = states.map((state) => state.step).sort((a, b) => a - b);
  return { pointer: '/fork/step', detail: `run ${runId} has no training state of step ${step}: it has ${steps.join(', ')}` };
}

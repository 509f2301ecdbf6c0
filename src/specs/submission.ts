// What a client may submit: a run spec, or `{recipe, ...changes}` or `{fork, ...changes}`, the spec of a recipe or of
// another run with a JSON merge patch.
import type { InputProblem } from '../errors.js';
import { findRecipe, RECIPES } from '../recipes/catalog.js';
import { pointerKeys, pointerResolves, pointerTo } from '../schemas/pointer.js';
import type { RunSpec } from '../schemas/spec.js';
import type { Fork } from '../schemas/submission.js';
import { jsonLimitProblems } from './json-limits.js';
import { mergePatch } from '../portable/merge-patch.js';
import { checkFork, checkStructure } from './structure.js';
import { suggestion } from './suggest.js';

/** `recipe` is the name of the recipe that the spec was made from, or null. */
export type Submission =
  | { spec: RunSpec; recipe: string | null; problems: readonly [] }
  | { spec: null; recipe: string | null; problems: InputProblem[] };

/** What changes are merged into. */
interface Base {
  spec: RunSpec;
  recipe: string | null;
  /** For people: 'the recipe'. */
  name: string;
}

const isObject = (body: unknown): body is Record<string, unknown> => typeof body === 'object' && body !== null && !Array.isArray(body);

/** The run that a body wants to start from, where it says so in a form that can be understood. */
export function readFork(body: unknown): Fork | null {
  return isObject(body) && Object.hasOwn(body, 'fork') && checkFork(body['fork']).length === 0 ? (body['fork'] as Fork) : null;
}

/**
 * The whole spec of a body, or every fault of its form. Pointers are into the body. `parent` is the spec of the run
 * that `readFork` found, or null when there is no such run.
 */
export function checkSubmission(body: unknown, parent: RunSpec | null = null): Submission {
  if (!isObject(body)) return { ...checkStructure(body), recipe: null };
  if (Object.hasOwn(body, 'fork')) return checkForked(body, parent);
  return Object.hasOwn(body, 'recipe') ? checkRecipe(body) : { ...checkStructure(body), recipe: null };
}

function checkForked(body: Record<string, unknown>, parent: RunSpec | null): Submission {
  const { fork, ...changes } = body;
  const refuse = (...problems: InputProblem[]): Submission => ({ spec: null, recipe: null, problems });
  if (Object.hasOwn(body, 'recipe')) return refuse({ pointer: '/recipe', detail: 'cannot be given beside "fork": both say what the changes are made to' });
  const faults = checkFork(fork);
  if (faults.length > 0) return refuse(...faults);
  if (parent === null) return refuse({ pointer: '/fork/runId', detail: `there is no run ${(fork as Fork).runId}` });
  return merged(body, changes, { spec: parent, recipe: null, name: 'the forked run' });
}

function checkRecipe(body: Record<string, unknown>): Submission {
  const { recipe: name, ...changes } = body;
  if (typeof name !== 'string') return { spec: null, recipe: null, problems: [{ pointer: '/recipe', detail: 'must be the name of a recipe' }] };
  const recipe = findRecipe(name);
  if (recipe === null) {
    const names = RECIPES.map((known) => known.name);
    return { spec: null, recipe: null, problems: [{ pointer: '/recipe', detail: `there is no recipe "${name}": known are ${names.join(', ')}${suggestion(name, names)}` }] };
  }
  return merged(body, changes, { spec: recipe.spec, recipe: name, name: 'the recipe' });
}

function merged(body: unknown, changes: Record<string, unknown>, base: Base): Submission {
  const { recipe } = base;
  const limits = jsonLimitProblems(changes);
  if (limits.length > 0) return { spec: null, recipe, problems: limits };
  const check = checkStructure(mergePatch(base.spec, changes));
  if (check.spec !== null) return { ...check, recipe };
  return { spec: null, recipe, problems: check.problems.map((problem) => pointedIntoBody(problem, body, base.name)) };
}

/**
 * A merge leaves the base's own keys in place, so `{"optimizer": {"type": "sgd"}}` may inherit an argument
 * that sgd lacks. Such a fault has no place in the body; it is put at the nearest object that was changed.
 */
function pointedIntoBody(problem: InputProblem, body: unknown, base: string): InputProblem {
  const pair = problem.detail.startsWith('must have only one of');
  if (pair) return { ...problem, detail: `${problem.detail} (one comes from ${base}; null removes it)` };
  if (pointerResolves(body, problem.pointer)) return problem;
  const keys = pointerKeys(problem.pointer);
  const parent = pointerTo('', ...keys.slice(0, -1));
  if (problem.detail === 'is required' && pointerResolves(body, parent)) return problem;
  let depth = keys.length - 1;
  while (depth > 0 && !pointerResolves(body, pointerTo('', ...keys.slice(0, depth)))) depth -= 1;
  const inherited = keys.slice(depth).join('.');
  return { pointer: pointerTo('', ...keys.slice(0, depth)), detail: `${inherited}: ${problem.detail} (it comes from ${base}; null removes it)` };
}

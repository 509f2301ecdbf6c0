// What a client may submit: a run spec, or `{recipe, ...changes}`, the recipe's spec with a JSON merge patch.
import type { InputProblem } from '../errors.js';
import { findRecipe, RECIPES } from '../recipes/catalog.js';
import { pointerKeys, pointerResolves, pointerTo } from '../schemas/pointer.js';
import type { RunSpec } from '../schemas/spec.js';
import { jsonLimitProblems } from './json-limits.js';
import { mergePatch } from './merge-patch.js';
import { checkStructure } from './structure.js';
import { suggestion } from './suggest.js';

/** `recipe` is the name of the recipe that the spec was made from, or null. */
export type Submission =
  | { spec: RunSpec; recipe: string | null; problems: readonly [] }
  | { spec: null; recipe: string | null; problems: InputProblem[] };

/** The whole spec of a body, or every fault of its form. Pointers are into the body. */
export function checkSubmission(body: unknown): Submission {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || !Object.hasOwn(body, 'recipe')) {
    return { ...checkStructure(body), recipe: null };
  }
  const { recipe: name, ...changes } = body as Record<string, unknown>;
  if (typeof name !== 'string') return { spec: null, recipe: null, problems: [{ pointer: '/recipe', detail: 'must be the name of a recipe' }] };
  const recipe = findRecipe(name);
  if (recipe === null) {
    const names = RECIPES.map((known) => known.name);
    return { spec: null, recipe: null, problems: [{ pointer: '/recipe', detail: `there is no recipe "${name}": known are ${names.join(', ')}${suggestion(name, names)}` }] };
  }
  const limits = jsonLimitProblems(changes);
  if (limits.length > 0) return { spec: null, recipe: name, problems: limits };
  const check = checkStructure(mergePatch(recipe.spec, changes));
  if (check.spec !== null) return { ...check, recipe: name };
  return { spec: null, recipe: name, problems: check.problems.map((problem) => pointedIntoBody(problem, body)) };
}

/**
 * A merge leaves the recipe's own keys in place, so `{"optimizer": {"type": "sgd"}}` may inherit an argument
 * that sgd lacks. Such a fault has no place in the body; it is put at the nearest object that was changed.
 */
function pointedIntoBody(problem: InputProblem, body: unknown): InputProblem {
  const pair = problem.detail.startsWith('must have only one of');
  if (pair) return { ...problem, detail: `${problem.detail} (one comes from the recipe; null removes it)` };
  if (pointerResolves(body, problem.pointer)) return problem;
  const keys = pointerKeys(problem.pointer);
  const parent = pointerTo('', ...keys.slice(0, -1));
  if (problem.detail === 'is required' && pointerResolves(body, parent)) return problem;
  let depth = keys.length - 1;
  while (depth > 0 && !pointerResolves(body, pointerTo('', ...keys.slice(0, depth)))) depth -= 1;
  const inherited = keys.slice(depth).join('.');
  return { pointer: pointerTo('', ...keys.slice(0, depth)), detail: `${inherited}: ${problem.detail} (it comes from the recipe; null removes it)` };
}

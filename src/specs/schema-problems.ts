// ajv's errors as problems for people: one fault, one problem, at its exact place, without the noise that
// unions and conditionals make ("must match a schema in anyOf"). Needs ajv's `verbose` and `allErrors`.
import type { ErrorObject } from 'ajv';
import type { InputProblem } from '../errors.js';
import { pointerTo } from '../schemas/pointer.js';
import { nearest, suggestion } from './suggest.js';

const MAX_PROBLEMS = 200;

type SchemaObject = Record<string, unknown>;

/** Problems in ajv's order, each once; at most 200, the last then counts the rest. */
export function schemaProblems(errors: readonly ErrorObject[]): InputProblem[] {
  const problems = new Map<string, InputProblem>();
  const told = withoutNoise(errors);
  // A body of nothing but faults must not cost more than its reading: what is not told is only counted.
  for (const error of told.slice(0, MAX_PROBLEMS)) {
    const problem = toProblem(error);
    problems.set(`${problem.pointer}\n${problem.detail}`, problem);
  }
  const all = [...problems.values()];
  if (told.length <= MAX_PROBLEMS) return all;
  return [...all.slice(0, MAX_PROBLEMS - 1), { pointer: '', detail: `and ${told.length - MAX_PROBLEMS + 1} more problems` }];
}

function withoutNoise(errors: readonly ErrorObject[]): ErrorObject[] {
  const dropped = new Set<ErrorObject>();
  const unknownKeys = new Map<string, ErrorObject[]>();
  const byPlace = groupByPlace(errors);
  for (const error of errors) {
    if (error.keyword === 'if') dropped.add(error);
    if (error.keyword === 'anyOf') for (const noise of unionNoise(error, byPlace)) dropped.add(noise);
    // A missing `type` is reported by `required`, once.
    if (error.keyword === 'discriminator' && error.params['tagValue'] === undefined) dropped.add(error);
    if (error.keyword === 'additionalProperties') {
      const others = unknownKeys.get(error.instancePath);
      if (others === undefined) unknownKeys.set(error.instancePath, [error]);
      else if (others.length < MAX_PROBLEMS) others.push(error);
    }
  }
  for (const error of errors) {
    const unknown = unknownKeys.get(error.instancePath);
    if (unknown === undefined) continue;
    if (error.keyword === 'maxProperties' || error.keyword === 'minProperties') dropped.add(error);
    // A misspelt key already suggests the right one; that it is missing too is the same fault.
    const missing: unknown = error.keyword === 'required' ? error.params['missingProperty'] : undefined;
    if (missing !== undefined && unknown.some((other) => nearest(unknownKey(other), knownKeys(other)) === missing)) dropped.add(error);
  }
  return errors.filter((error) => !dropped.has(error));
}

/** Errors by the place of the value and by its parent's place: a union's branches look no deeper than items. */
function groupByPlace(errors: readonly ErrorObject[]): Map<string, ErrorObject[]> {
  const groups = new Map<string, ErrorObject[]>();
  const add = (place: string, error: ErrorObject): void => {
    const group = groups.get(place);
    if (group === undefined) groups.set(place, [error]);
    else group.push(error);
  };
  for (const error of errors) {
    add(error.instancePath, error);
    if (error.instancePath !== '') add(error.instancePath.slice(0, error.instancePath.lastIndexOf('/')), error);
  }
  return groups;
}

/**
 * What to leave out for a failed `anyOf`: branches for another JSON type or constant than the value's, and the summary
 * itself when another branch explains more.
 */
function unionNoise(union: ErrorObject, byPlace: ReadonlyMap<string, readonly ErrorObject[]>): ErrorObject[] {
  const near = byPlace.get(union.instancePath) ?? [];
  const branches = (union.schema as SchemaObject[]).map((_, index) => near.filter((error) => error.schemaPath.startsWith(`${union.schemaPath}/${index}/`)));
  const wrongType = branches.filter((branch) => branch.some((error) => (error.keyword === 'type' || error.keyword === 'const') && error.instancePath === union.instancePath));
  return wrongType.length === branches.length ? branches.flat() : [...wrongType.flat(), union];
}

function toProblem(error: ErrorObject): InputProblem {
  const at = error.instancePath;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
      return { pointer: pointerTo(at, unknownKey(error)), detail: `unknown key "${unknownKey(error)}"${suggestion(unknownKey(error), knownKeys(error))}` };
    case 'required':
      return { pointer: pointerTo(at, String(params['missingProperty'])), detail: 'is required' };
    case 'discriminator':
      return { pointer: pointerTo(at, 'type'), detail: unknownType(error) };
    case 'uniqueItems':
      return { pointer: pointerTo(at, Math.max(Number(params['i']), Number(params['j']))), detail: `repeats item ${Math.min(Number(params['i']), Number(params['j']))}` };
    case 'enum':
      return { pointer: at, detail: notOneOf(error.data, params['allowedValues'] as unknown[]) };
    default:
      return { pointer: at, detail: ruleDetail(error) };
  }
}

function ruleDetail(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  const limit = String(params['limit']);
  const keys = Object.keys(((error.parentSchema as SchemaObject | undefined)?.['properties'] as SchemaObject | undefined) ?? {}).join(', ');
  switch (error.keyword) {
    case 'type': {
      // The `else` of a name-or-object schema: both forms are meant.
      const nameOrObject = error.schemaPath.endsWith('/else/type') ? 'a name or ' : '';
      return `must be ${nameOrObject}${typePhrase(params['type'])}, ${found(error.data, [params['type']])}`;
    }
    case 'anyOf':
      return `must be ${(error.schema as SchemaObject[]).map(branchPhrase).join(' or ')}, ${found(error.data, (error.schema as SchemaObject[]).map((branch) => branch['type'] as unknown))}`;
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'exclusiveMinimum':
      return `must be over ${limit}`;
    case 'exclusiveMaximum':
      return `must be under ${limit}`;
    case 'minLength':
      return `must have at least ${limit} character${limit === '1' ? '' : 's'}`;
    case 'maxLength':
      return `must have at most ${limit} characters`;
    case 'minItems':
      return `must have at least ${limit} item${limit === '1' ? '' : 's'}`;
    case 'maxItems':
      return `must have at most ${limit} items`;
    case 'minProperties':
      return `must have one of: ${keys}`;
    case 'maxProperties':
      return `must have only one of: ${keys}`;
    case 'pattern':
      return `must match the pattern ${String(params['pattern'])}`;
    case 'format':
      return params['format'] === 'uuid' ? 'must be a UUID' : `must be a ${String(params['format'])}`;
    default:
      return error.message ?? `breaks the rule "${error.keyword}"`;
  }
}

function unknownKey(error: ErrorObject): string {
  return String(error.params['additionalProperty']);
}

function knownKeys(error: ErrorObject): string[] {
  const schema = error.parentSchema as SchemaObject | undefined;
  const data = (error.data ?? {}) as object;
  return Object.keys((schema?.['properties'] ?? {}) as object).filter((key) => !Object.hasOwn(data, key));
}

function unknownType(error: ErrorObject): string {
  const tag: unknown = error.params['tagValue'];
  if (typeof tag !== 'string') return `must be a string, ${found(tag)}`;
  const variants = ((error.parentSchema as SchemaObject | undefined)?.['oneOf'] ?? []) as { properties: { type: { const: string } } }[];
  return notOneOf(tag, variants.map((variant) => variant.properties.type.const));
}

function notOneOf(value: unknown, allowed: readonly unknown[]): string {
  const words = allowed.map(String);
  const near = typeof value === 'string' ? suggestion(value, words) : '';
  return `must be one of ${words.join(', ')}${near}`;
}

function branchPhrase(schema: SchemaObject): string {
  if (schema['const'] !== undefined) return JSON.stringify(schema['const']);
  return Array.isArray(schema['enum']) ? `one of ${schema['enum'].join(', ')}` : typePhrase(schema['type']);
}

function typePhrase(type: unknown): string {
  if (Array.isArray(type)) return type.map(typePhrase).join(' or ');
  const name = String(type);
  if (name === 'null') return 'null';
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

const MOST_QUOTED = 40;

/** Goes on from "must be …, ". Who writes a text for a number sees what was written. @param wanted types, or lists of them */
function found(value: unknown, wanted: readonly unknown[] = []): string {
  // JSON has no such value, so nothing was sent at all.
  if (value === undefined) return 'but the body is empty';
  if (value === null) return 'not null';
  if (Array.isArray(value)) return 'not an array';
  if (typeof value === 'number') return Number.isFinite(value) ? `not ${value}` : 'not a number out of range';
  if (typeof value === 'string' && value.length <= MOST_QUOTED && wanted.flat().some((type) => type === 'number' || type === 'integer')) return `not ${JSON.stringify(value)}`;
  return `not ${typePhrase(typeof value)}`;
}

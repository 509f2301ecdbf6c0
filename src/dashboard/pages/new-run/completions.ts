// What may be written where the caret stands, by the grammar.
import { contextAt } from './json-context.js';
import { absentOf, blankOf, rangeOf, resolve, variantsOf, type Schema, type Schemas } from './schema.js';

export interface Completion {
  label: string;
  /** What takes the place of what stands from `from` to the caret. */
  insert: string;
  detail: string;
}

export interface Completions {
  from: number;
  items: readonly Completion[];
}

const MOST = 40;

/** `text` is that of a `RunSpec`. Null where there is nothing to say. */
export function completionsAt(schemas: Schemas, text: string, caret: number): Completions | null {
  const context = contextAt(text, caret);
  if (context.expects === 'nothing') return null;
  // Of the objects on the way the types are known only if they come before the caret; else all their variants are.
  const holders = schemasAt(schemas, context.path, context.known.get('type') ?? null);
  const items = context.expects === 'key' ? keysOf(schemas, holders, context.known) : valuesOf(schemas, holders, context.key);
  const wanted = context.prefix.toLowerCase();
  const fitting = items.filter(({ label }) => label.toLowerCase().startsWith(wanted));
  const others = items.filter((item) => !fitting.includes(item) && wanted !== '' && item.label.toLowerCase().includes(wanted));
  const found = [...fitting, ...others].slice(0, MOST);
  return found.length === 0 ? null : { from: context.from, items: found };
}

/** The schemas that may hold for the object or list at a path. */
function schemasAt(schemas: Schemas, path: readonly (string | number)[], type: string | null): Schema[] {
  let here = branchesOf(schemas, { $ref: '#/components/schemas/RunSpec' });
  for (const part of path) here = here.flatMap((schema) => (typeof part === 'number' ? branchesOf(schemas, schema.items) : branchesOf(schemas, schema.properties?.[part])));
  const typed = here.filter((schema) => schema.properties?.type?.const === type);
  return type === null || typed.length === 0 ? here : typed;
}

/** A schema as the plain ones that it allows. */
function branchesOf(schemas: Schemas, given: Schema | undefined): Schema[] {
  if (given === undefined) return [];
  const schema = resolve(schemas, given);
  const parts = [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.then === undefined ? [] : [schema.then]), ...(schema.else === undefined ? [] : [schema.else])];
  return parts.length === 0 ? [schema] : parts.flatMap((part) => branchesOf(schemas, part));
}

function keysOf(schemas: Schemas, holders: readonly Schema[], known: ReadonlyMap<string, unknown>): Completion[] {
  const found = new Map<string, Completion>();
  for (const { properties = {}, required = [] } of holders) {
    for (const [key, property] of Object.entries(properties)) {
      if (known.has(key) || found.has(key)) continue;
      const shape = resolve(schemas, property);
      const detail = [required.includes(key) ? 'required' : '', firstSentence(shape.description)].filter(Boolean).join(' · ');
      found.set(key, { label: key, insert: `${JSON.stringify(key)}: `, detail });
    }
  }
  return [...found.values()];
}

function valuesOf(schemas: Schemas, holders: readonly Schema[], key: string | null): Completion[] {
  const given = holders.flatMap(({ properties, items }) => [key === null ? items : properties?.[key]]).filter((one) => one !== undefined);
  const found = new Map<string, Completion>();
  const add = (label: string, insert: string, detail: string) => void (found.has(label) || found.set(label, { label, insert, detail }));
  for (const one of given) {
    const whole = resolve(schemas, one);
    for (const { type, schema } of variantsOf(whole)) add(type, JSON.stringify(blankOf(schemas, schema)).replaceAll(/([:,])(?=")/g, '$1 '), firstSentence(schema.description));
    for (const branch of branchesOf(schemas, one)) {
      for (const name of branch.enum ?? (branch.const === undefined ? [] : [branch.const])) add(name, JSON.stringify(name), name === absentOf(whole) ? 'when absent' : '');
      if (branch.type === 'boolean') for (const word of ['true', 'false']) add(word, word, word === absentOf(whole) ? 'when absent' : '');
      const absent = absentOf(whole);
      if ((branch.type === 'integer' || branch.type === 'number') && absent !== null && Number.isFinite(Number(absent))) add(absent, absent, ['when absent', rangeOf(branch)].filter(Boolean).join(' · '));
    }
  }
  return [...found.values()];
}

const firstSentence = (text = '') => /^.*?(?=[.;](?:\s|$)|$)/s.exec(text)?.[0] ?? '';

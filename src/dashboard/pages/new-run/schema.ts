// The grammar of a run spec as the form and the completion read it: JSON schemas of the API's own document.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  enum?: string[];
  const?: string;
  oneOf?: Schema[];
  anyOf?: Schema[];
  items?: Schema;
  then?: Schema;
  else?: Schema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** By name, as in `components.schemas`. */
export type Schemas = Readonly<Record<string, Schema>>;

/** What a value is written with. */
export type Field =
  | { kind: 'choice'; names: readonly string[] }
  | { kind: 'choices'; names: readonly string[] }
  | { kind: 'flag' }
  | { kind: 'number' }
  /** A list of numbers; `single`: one number may stand for it. */
  | { kind: 'numbers'; single: boolean }
  | { kind: 'text' }
  | { kind: 'words' }
  | { kind: 'object'; schema: Schema }
  /** One of several objects, told apart by their `type`. */
  | { kind: 'variants'; variants: readonly Variant[] }
  | { kind: 'list'; items: Schema }
  /** A name, or an object with settings. */
  | { kind: 'named'; names: readonly string[]; settings: Schema }
  /** Written as JSON. */
  | { kind: 'other' };

export interface Variant {
  type: string;
  schema: Schema;
}

/** Where a schema only refers to another, that one; a description beside the reference stays. */
export function resolve(schemas: Schemas, schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  const target = name === undefined ? undefined : schemas[name];
  if (target === undefined) return schema;
  return schema.description === undefined ? target : { ...target, description: schema.description };
}

export function variantsOf(schema: Schema): Variant[] {
  return (schema.oneOf ?? []).map((one) => ({ type: String(one.properties?.type?.const ?? ''), schema: one }));
}

export function fieldOf(schemas: Schemas, given: Schema): Field {
  const schema = resolve(schemas, given);
  if (schema.enum !== undefined) return { kind: 'choice', names: schema.enum };
  if (schema.oneOf !== undefined) return { kind: 'variants', variants: variantsOf(schema) };
  if (schema.then?.enum !== undefined && schema.else !== undefined) return { kind: 'named', names: schema.then.enum, settings: schema.else };
  if (schema.anyOf !== undefined) return ofUnion(schemas, schema.anyOf);
  if (schema.type === 'boolean') return { kind: 'flag' };
  if (schema.type === 'integer' || schema.type === 'number') return { kind: 'number' };
  if (schema.type === 'string') return { kind: 'text' };
  if (schema.type === 'object' && schema.properties !== undefined) return { kind: 'object', schema };
  if (schema.type === 'array' && schema.items !== undefined) return ofList(schemas, schema.items);
  return { kind: 'other' };
}

function ofUnion(schemas: Schemas, branches: readonly Schema[]): Field {
  const fields = branches.map((branch) => fieldOf(schemas, branch));
  const names = fields.find((field) => field.kind === 'choice');
  const settings = fields.find((field) => field.kind === 'object');
  if (names !== undefined && settings !== undefined) return { kind: 'named', names: names.names, settings: settings.schema };
  return fields.some(({ kind }) => kind === 'numbers') ? { kind: 'numbers', single: fields.some(({ kind }) => kind === 'number') } : { kind: 'other' };
}

function ofList(schemas: Schemas, items: Schema): Field {
  const item = fieldOf(schemas, items);
  if (item.kind === 'number') return { kind: 'numbers', single: false };
  if (item.kind === 'choice') return { kind: 'choices', names: item.names };
  return item.kind === 'text' ? { kind: 'words' } : { kind: 'list', items };
}

/** What holds where nothing is said, as the description has it (`0.9 when absent`); null where it does not say. */
export function absentOf({ description = '' }: Schema, type = ''): string | null {
  // "0.001 when absent (sgd 0.01)": another one for some of the types.
  const own = new RegExp(`\\b${type} ([\\d.e-]+)\\)`).exec(description)?.[1];
  if (type !== '' && own !== undefined) return own;
  const found = /(?:`\[?"?([\w.-]+)"?\]?`|(-?[\w.]+(?:e-?\d+)?)(?:, the \w+,)?) when absent/.exec(description);
  const text = found?.[1] ?? found?.[2] ?? null;
  return text === null || /^(it|are|is|they)$/.test(text) ? null : text;
}

/** `1 to 100000`; empty where all is allowed. */
export function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string {
  const low = minimum !== undefined ? `at least ${minimum}` : exclusiveMinimum !== undefined ? `over ${exclusiveMinimum}` : '';
  const high = maximum !== undefined ? `at most ${maximum}` : exclusiveMaximum !== undefined ? `under ${exclusiveMaximum}` : '';
  return [low, high].filter(Boolean).join(', ');
}

/** What one begins with where the grammar asks for a value and names none. */
const USUAL: Readonly<Record<string, unknown>> = { units: 64, filters: 16, kernelSize: 3, rate: 0.25, split: 0.1, decay: 0.9, activation: 'relu', shape: [28, 28, 1], targetShape: [-1], boundaries: [2], factors: [0.1], epochs: 5, batchSize: 128 };

/** The least that the grammar accepts: what is required, and no more. `kept` is taken over where it fits. */
export function blankOf(schemas: Schemas, given: Schema, kept: Readonly<Record<string, unknown>> = {}): unknown {
  const schema = resolve(schemas, given);
  if (schema.const !== undefined) return schema.const;
  if (schema.oneOf !== undefined) return blankOf(schemas, schema.oneOf[0]!, kept);
  if (schema.type !== 'object') return schema.enum?.[0] ?? schema.then?.enum?.[0] ?? (schema.type === 'array' ? [] : schema.type === 'boolean' ? true : schema.type === 'string' ? '' : (schema.minimum ?? 1));
  const made: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.const !== undefined) made[name] = property.const;
    else if (name in kept) made[name] = kept[name];
    else if (schema.required?.includes(name) === true) made[name] = property.enum === undefined || property.enum.includes(String(USUAL[name])) ? (USUAL[name] ?? blankOf(schemas, property)) : property.enum[0];
  }
  return made;
}

// The list of layers: what a line says of one, and where one goes.
import type { Plan } from '../../api/types.js';
import { blankOf, resolve, variantsOf, type Schemas } from './schema.js';

export type LayerSpec = Readonly<Record<string, unknown>>;

type Model = { layers?: unknown; topology?: unknown } | null | undefined;
const modelOf = (spec: unknown): Model => (spec as { model?: Model } | null)?.model;
const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The layers of a spec, none yet where it has no model; null where they are no list of layers. */
export function layersOf(spec: unknown): readonly LayerSpec[] | null {
  const model = modelOf(spec);
  if (model === undefined || (isObject(model) && model?.layers === undefined && model?.topology === undefined)) return [];
  return Array.isArray(model?.layers) && model.layers.every(isObject) ? (model.layers as LayerSpec[]) : null;
}

/** Whether the model is written as Keras or TF.js write it. */
export const isTopology = (spec: unknown): boolean => modelOf(spec)?.layers === undefined && modelOf(spec)?.topology !== undefined;

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, at) => at !== from);
  const place = Math.max(0, Math.min(rest.length, to));
  return [...rest.slice(0, place), ...(from in list ? [list[from]!] : []), ...rest.slice(place)];
}

/** What a layer of another type keeps of this one: all that means the same there. */
export function retyped(schemas: Schemas, layer: LayerSpec, type: string): LayerSpec {
  const variant = variantsOf(resolve(schemas, { $ref: '#/components/schemas/Layer' })).find((one) => one.type === type);
  if (variant === undefined) return { ...layer, type };
  const { type: _, ...kept } = layer;
  return blankOf(schemas, variant.schema, kept) as LayerSpec;
}

/** `units 200 · relu`: what is set, save what is said beside it. */
export function lineOf(layer: LayerSpec): string {
  return Object.entries(layer)
    .filter(([key]) => key !== 'type' && key !== 'name')
    .map(([key, value]) => (key === 'activation' ? String(value) : `${words(key)} ${said(value)}`))
    .join(' · ');
}

const words = (key: string) => key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
const said = (value: unknown): string => (Array.isArray(value) ? value.join(' × ') : typeof value === 'object' && value !== null ? String((value as { type?: unknown }).type ?? Object.keys(value).join(', ')) : value === true ? 'yes' : value === false ? 'no' : String(value));

/** What the plan says of each layer of the spec; null where it does not. The plan has an input layer of its own. */
export function plannedOf(count: number, plan: Plan | null): (Plan['layers'][number] | null)[] {
  const planned = plan?.layers ?? [];
  const before = planned.length - count;
  return Array.from({ length: count }, (_, at) => (before === 0 || before === 1 ? (planned[at + before] ?? null) : null));
}

/** `28 × 28 × 12`, or why there is none. */
export const shapeWords = (shape: readonly number[] | null | undefined): string => (shape === null || shape === undefined ? '?' : shape.join(' × '));

// The numbers and words of a spec, each by its path: `optimizer.learningRate`, `model.layers.0.units`.

export type Scalar = string | number | boolean;

/** Longer words are texts, a topology as JSON for one: nothing to compare at a glance. */
const LONGEST = 64;

/** A number or a word; of a short list of them, a word: `3, 3`. Null for anything else. */
export function scalarOf(value: unknown): Scalar | null {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.length <= LONGEST ? value : null;
  if (!Array.isArray(value) || value.length === 0 || value.length > 8) return null;
  return value.every((item) => ['string', 'number', 'boolean'].includes(typeof item)) ? value.join(', ') : null;
}

/** Every scalar of a value, in the order of its keys. */
export function scalarsOf(value: unknown, path = '', found = new Map<string, Scalar>()): Map<string, Scalar> {
  const scalar = path === '' ? null : scalarOf(value);
  if (scalar !== null) found.set(path, scalar);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) scalarsOf(part, path === '' ? key : `${path}.${key}`, found);
  }
  return found;
}

/** The scalar at a path; null where there is none. */
export function scalarAt(value: unknown, path: string): Scalar | null {
  let part = value;
  for (const key of path.split('.')) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, key)) return null;
    part = (part as Record<string, unknown>)[key];
  }
  return scalarOf(part);
}

/** What a path is called where there is little room: `learningRate`, `optimizer`, `layers.0.units`. */
export function shortPath(path: string): string {
  const parts = path.split('.').filter((part, at) => part !== 'model' || at > 0);
  if (parts.some((part) => /^\d+$/.test(part))) return parts.join('.');
  const last = parts.at(-1) ?? path;
  return (last === 'type' || last === 'name') && parts.length > 1 ? parts.at(-2)! : last;
}

/** Not of the experiment itself: what it is called, and how soon it should start. */
const ASIDE = new Set(['name', 'tags', 'priority']);

/** The paths of all of these specs, those of most specs first, equals in their own order. */
export function pathsOf(specs: readonly object[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const spec of specs) for (const path of scalarsOf(spec).keys()) counts.set(path, (counts.get(path) ?? 0) + 1);
  return [...counts].filter(([path]) => !ASIDE.has(path)).sort(([, a], [, b]) => b - a).map(([path]) => path);
}

/** A spec as one word, the same for specs that differ in nothing but these paths and what a run is called. */
export function sameBut(spec: object, paths: readonly string[]): string {
  const scalars = (value: unknown, path: string): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item, at) => scalars(item, `${path}.${at}`));
    return Object.entries(value).filter(([key]) => !paths.includes(join(path, key)) && !(path === '' && ASIDE.has(key)))
      .sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, scalars(part, join(path, key))]);
  };
  return JSON.stringify(scalars(spec, ''));
}

const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`);

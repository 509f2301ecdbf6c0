// Values at JSON pointers (RFC 6901). Nothing is changed in place.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export const partsOf = (pointer: string): string[] => pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
export const pointerOf = (parts: readonly (string | number)[]): string => parts.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** `undefined` where there is nothing. */
export function valueAt(root: unknown, pointer: string): unknown {
  return partsOf(pointer).reduce<unknown>((value, part) => (isHolder(value) && Object.hasOwn(value, part) ? (value as Record<string, unknown>)[part] : undefined), root);
}

/** `undefined` takes it out; objects that are left with nothing in them go too. */
export function withValue<T>(root: T, pointer: string, value: unknown): T {
  return place(root, partsOf(pointer), value) as T;
}

/** The same within the value at `holder`, which stays also where nothing is left in it. */
export const withValueIn = (root: unknown, holder: string, { pointer, value }: { pointer: string; value: unknown }): unknown => withValue(valueAt(root, holder), pointer.slice(holder.length), value);

function place(holder: unknown, [part, ...rest]: readonly string[], value: unknown): unknown {
  if (part === undefined) return value;
  const next = place(isHolder(holder) ? (holder as Record<string, unknown>)[part] : undefined, rest, value);
  const gone = next === undefined || (value === undefined && isEmptyObject(next));
  if (Array.isArray(holder)) return gone ? holder.filter((_, at) => at !== Number(part)) : holder.with(Math.min(Number(part), holder.length - 1), next);
  const others = isHolder(holder) ? holder : {};
  if (!gone) return { ...others, [part]: next };
  return Object.fromEntries(Object.entries(others).filter(([key]) => key !== part));
}

const isHolder = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isEmptyObject = (value: unknown) => isHolder(value) && !Array.isArray(value) && Object.keys(value).length === 0;

/** Whether one lies at the other, or within it. */
export const isWithin = (pointer: string, holder: string): boolean => pointer === holder || pointer.startsWith(`${holder}/`);

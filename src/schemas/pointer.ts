// JSON pointers (RFC 6901), the addresses of problems in a request body. Imports nothing of ours.

/** The pointer of `key` under `parent`, with `~` and `/` of the key escaped. */
export function pointerTo(parent: string, ...keys: readonly (string | number)[]): string {
  return keys.reduce<string>((pointer, key) => `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`, parent);
}

/** The unescaped keys of a pointer: `/a~1b/0` is `['a/b', '0']`. */
export function pointerKeys(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer.slice(1).split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Whether the pointer names a place that exists in the document. */
export function pointerResolves(document: unknown, pointer: string): boolean {
  let place = document;
  for (const key of pointerKeys(pointer)) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, key)) return false;
    place = (place as Record<string, unknown>)[key];
  }
  return true;
}

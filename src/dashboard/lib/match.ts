// Which page an address belongs to.
import { decoded } from './decoded.js';

export type Params = Readonly<Record<string, string>>;

/** The values of the pattern's `:names` in a path, decoded; null where it does not fit. A slash at the end is no difference. */
export function matchPath(pattern: string, path: string): Params | null {
  const wanted = segments(pattern);
  const given = segments(path);
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [at, segment] of wanted.entries()) {
    const value = decoded(given[at] ?? '');
    if (value === null) return null;
    if (segment.startsWith(':')) params[segment.slice(1)] = value;
    else if (segment !== value) return null;
  }
  return params;
}

/** The path of a pattern with these values. @throws Error where one is missing */
export function fillPath(pattern: string, params: Params = {}): string {
  return pattern.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`${pattern} needs ${name}`);
    return encodeURIComponent(value);
  });
}

const segments = (path: string) => path.split('/').filter((segment) => segment !== '');

// Where one is, on the browser's own history. What a page shows is in the address: `useUrlState` keeps it there.
import { batch, computed, signal } from '@preact/signals';
import { useCallback, useMemo } from 'preact/hooks';
import { atMostEvery } from './at-most-every.js';
import { base } from './base.js';
import { PAGE_PATHS, type PageName } from '../../portable/page-paths.js';
import type { Codec } from './codecs.js';
import { fillPath, matchPath, type Params } from './match.js';

const here = () => ({ path: `/${location.pathname.slice(base.pathname.length)}`, search: location.search });

const place = signal(here());
/** Browsers refuse who replaces the address too often, as a slider that is dragged would. */
const replace = atMostEvery(150, (href: string) => history.replaceState(null, '', href));
addEventListener('popstate', () => {
  replace.drop();
  place.value = here();
});
addEventListener('pagehide', replace.flush);

/** The path below the service's prefix. */
export const path = computed(() => place.value.path);
export const search = computed(() => place.value.search);

export interface Matched {
  name: PageName;
  params: Params;
}

/** The page of this address; null where there is none. */
export const matched = computed<Matched | null>(() => {
  for (const [name, pattern] of Object.entries(PAGE_PATHS)) {
    const params = matchPath(pattern, path.value);
    if (params !== null) return { name: name as PageName, params };
  }
  return null;
});

export interface Target {
  params?: Params;
  /** View state, written as by the codecs of the page. */
  query?: Readonly<Record<string, string>>;
}

/** The address of a page, for links. */
export function hrefOf(name: PageName, { params, query = {} }: Target = {}): string {
  const text = new URLSearchParams(query).toString();
  return `${base.pathname.slice(0, -1)}${fillPath(PAGE_PATHS[name], params)}${text === '' ? '' : `?${text}`}`;
}

/** Goes to an address of `hrefOf`. */
export function go(href: string, { replace: isReplaced = false }: { replace?: boolean } = {}): void {
  replace.flush();
  if (isReplaced) history.replaceState(null, '', href);
  else history.pushState(null, '', href);
  batch(() => (place.value = here()));
  if (!isReplaced) scrollTo({ top: 0 });
}

/** Follows a click on a link of ours, unless it asks for another tab or window. */
export function followClick(event: MouseEvent): void {
  const anchor = event.target instanceof Element ? event.target.closest('a') : null;
  if (anchor === null || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (anchor.origin !== location.origin || anchor.target !== '' || anchor.hasAttribute('download')) return;
  const below = `/${anchor.pathname.slice(base.pathname.length)}`;
  if (!anchor.pathname.startsWith(base.pathname) || !Object.values(PAGE_PATHS).some((pattern) => matchPath(pattern, below) !== null)) return;
  event.preventDefault();
  replace.flush();
  if (anchor.href !== location.href) go(anchor.href);
}

/**
 * A value that lives in the address, so that a link shows the same. Setting it replaces the address; `keep` leaves a
 * place to come back to.
 */
export function useUrlState<T>(name: string, codec: Codec<T>): [T, (value: T, options?: { keep?: boolean }) => void] {
  const text = new URLSearchParams(search.value).get(name);
  const value = useMemo(() => codec.read(text), [text, codec]);
  const set = useCallback((next: T, { keep = false }: { keep?: boolean } = {}) => setQuery({ [name]: codec.write(next) }, keep), [name, codec]);
  return [value, set];
}

/** Several at once; `null` leaves one out. */
export function setQuery(changes: Readonly<Record<string, string | null>>, keep = false): void {
  const { path: at, search: before } = place.peek();
  const query = new URLSearchParams(before);
  for (const [name, text] of Object.entries(changes)) {
    if (text === null) query.delete(name);
    else query.set(name, text);
  }
  const text = query.toString();
  const after = text === '' ? '' : `?${text}`;
  if (after === before) return;
  const href = location.pathname + after;
  if (keep) {
    replace.flush();
    history.pushState(null, '', href);
  } else replace(href);
  place.value = { path: at, search: after };
}

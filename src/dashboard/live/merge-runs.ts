// A list of runs, brought up to date by a part of it.
import { same } from '../lib/same.js';

interface Listed {
  id: string;
  head: number;
}

/** Ids from `from` on that are below `below`; no end where one is left out. */
export interface Span {
  from?: string | undefined;
  below?: string | undefined;
}

export interface Part<R> {
  items: readonly R[];
  /** The part is all there is in this span: what is not in it was deleted. None where it is left out. */
  span?: Span;
  /** Runs that are left as they are, present or not: one has heard of them since the part was asked for. */
  except?: (id: string) => boolean;
}

/**
 * Newest first, by id (which is sortable by time). A run that one knows better (a later event of it) is left as it is;
 * one that says the same stays the same object, and a list in which nothing has changed the same list.
 */
export function mergeRuns<R extends Listed>(known: readonly R[], { items, span, except = () => false }: Part<R>): readonly R[] {
  const part = new Map(items.filter(({ id }) => !except(id)).map((run) => [run.id, run]));
  const inSpan = (id: string) => span !== undefined && (span.from === undefined || id >= span.from) && (span.below === undefined || id < span.below);
  const kept = known.filter(({ id }) => part.has(id) || !inSpan(id) || except(id)).map((run) => {
    const fresh = part.get(run.id);
    part.delete(run.id);
    return fresh !== undefined && fresh.head >= run.head && !same(fresh, run) ? fresh : run;
  });
  if (part.size === 0 && kept.length === known.length && kept.every((run, at) => run === known[at])) return known;
  return [...kept, ...part.values()].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
}

// A list of runs, brought up to date by a part of it.

interface Listed {
  id: string;
  head: number;
}

/**
 * Newest first, by id (which is sortable by time). `covers`: the part is the newest page as it is, so that what lies
 * within its span and is not in it was deleted; `isAll`: it is the only page. A run that one knows better (a later
 * event of it) is left as it is.
 */
export function mergeRuns<R extends Listed>(known: readonly R[], { newest, covers, isAll = false }: { newest: readonly R[]; covers: boolean; isAll?: boolean }): readonly R[] {
  const part = new Map(newest.map((run) => [run.id, run]));
  const oldest = newest.reduce<string | null>((least, { id }) => (least === null || id < least ? id : least), null);
  const inSpan = (id: string) => covers && (isAll || (oldest !== null && id >= oldest));
  const kept = known.filter(({ id }) => part.has(id) || !inSpan(id)).map((run) => {
    const fresh = part.get(run.id);
    part.delete(run.id);
    return fresh !== undefined && fresh.head >= run.head ? fresh : run;
  });
  const merged = [...kept, ...part.values()];
  return part.size === 0 && merged.every((run, at) => run === known[at]) && merged.length === known.length ? known : merged.sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
}

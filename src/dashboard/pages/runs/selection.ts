// Which rows are marked.

export type Selection = ReadonlySet<string>;

/** Marks a row, or takes its mark away. */
export function toggled(selection: Selection, id: string): Selection {
  const next = new Set(selection);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Marks everything from one row to another, in the order in which they are shown. Where the first is not, the other alone. */
export function extended(selection: Selection, shown: readonly string[], { from, to }: { from: string | null; to: string }): Selection {
  const [a, b] = [from === null ? -1 : shown.indexOf(from), shown.indexOf(to)];
  if (a < 0 || b < 0) return new Set([...selection, to]);
  return new Set([...selection, ...shown.slice(Math.min(a, b), Math.max(a, b) + 1)]);
}

/** All that are shown; or none of them, where all were marked. */
export function allOrNone(selection: Selection, shown: readonly string[]): Selection {
  const hasAll = shown.length > 0 && shown.every((id) => selection.has(id));
  if (!hasAll) return new Set([...selection, ...shown]);
  const next = new Set(selection);
  for (const id of shown) next.delete(id);
  return next;
}

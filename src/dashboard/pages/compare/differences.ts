// In what the specs of several runs differ.
import type { Run } from '../../api/types.js';
import { pathsOf, scalarAt, shortPath, type Scalar } from '../../lib/spec-paths.js';

export interface Difference {
  path: string;
  /** One for each run; null where its spec says nothing of it. */
  values: readonly (Scalar | null)[];
}

type Specced = Pick<Run, 'spec'>;

/** Paths at which not all runs say the same, in the order of the specs. */
export function differencesOf(runs: readonly Specced[]): readonly Difference[] {
  if (runs.length < 2) return [];
  const all = pathsOf(runs.map(({ spec }) => spec)).map((path) => ({ path, values: runs.map(({ spec }) => scalarAt(spec, path)) }));
  return all.filter(({ values }) => values.some((value) => value !== values[0])).sort((a, b) => rank(a.path) - rank(b.path));
}

/** What is turned most often first, layers last: there are many of them. */
const ORDER = ['optimizer', 'schedule', 'fit', 'loss', 'dataset', 'callbacks', 'metrics', 'engine', 'resources', 'checkpoints', 'model'];
const rank = (path: string) => {
  const at = ORDER.indexOf(path.split('.', 1)[0]!);
  return at < 0 ? ORDER.length : at;
};

/** What each run is called beside the others: where several have one name, with what sets them apart. */
export function labelsOf(runs: readonly Pick<Run, 'id' | 'name' | 'spec'>[], differences: readonly Difference[]): ReadonlyMap<string, string> {
  const namesakes = new Map<string, number[]>();
  runs.forEach(({ name }, at) => namesakes.set(name, [...(namesakes.get(name) ?? []), at]));
  const telling = new Map([...namesakes].map(([name, places]) => [name, differences.filter(({ values }) => places.some((at) => values[at] !== values[places[0]!])).slice(0, 2)]));
  const labels = runs.map(({ name }, at) => {
    const apart = telling.get(name)!.filter(({ values }) => values[at] !== null).map(({ path, values }) => `${shortPath(path)} ${values[at]}`);
    return apart.length === 0 ? name : `${name} (${apart.join(', ')})`;
  });
  const same = new Map<string, number>();
  for (const label of labels) same.set(label, (same.get(label) ?? 0) + 1);
  return new Map(runs.map(({ id }, at) => [id, same.get(labels[at]!) === 1 ? labels[at]! : `${labels[at]!} ${id.slice(-4)}`]));
}

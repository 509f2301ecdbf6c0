// Which runs a person wants to see, and in what order.
import { ENDED_STATES, PLACED_STATES, WAITING_STATES } from '../../../portable/run-states.js';
import type { Run } from '../../api/types.js';
import type { Codec, Order } from '../../lib/codecs.js';
import { numberOf } from '../../lib/number-of.js';
import { bestOf, lastedMsOf, leftMsOf, startOf } from '../../lib/run-words.js';
import { scalarAt } from '../../lib/spec-paths.js';

export const STATE_FILTERS = ['all', 'active', 'waiting', 'ended', 'queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled'] as const;
export type StateFilter = (typeof STATE_FILTERS)[number];

const GROUPS: Partial<Record<StateFilter, readonly Run['state'][]>> = {
  active: PLACED_STATES,
  waiting: WAITING_STATES,
  ended: ENDED_STATES,
};

/** What one can narrow the list by, besides words and states. */
export const FACETS = ['recipe', 'dataset', 'tag', 'user'] as const;
export type Facet = (typeof FACETS)[number];

const FACET_VALUES: Record<Facet, (run: Run) => readonly (string | null)[]> = {
  recipe: ({ recipe }) => [recipe],
  dataset: ({ spec }) => [spec.dataset.name],
  tag: ({ tags }) => tags,
  user: ({ user }) => [user],
};

/** What there is to choose from, in the order of the alphabet. */
export function facetsOf(runs: readonly Run[]): Record<Facet, readonly string[]> {
  const found = Object.fromEntries(FACETS.map((facet) => [facet, new Set<string>()])) as Record<Facet, Set<string>>;
  for (const run of runs) for (const facet of FACETS) for (const value of FACET_VALUES[facet](run)) if (value !== null) found[facet].add(value);
  return Object.fromEntries(FACETS.map((facet) => [facet, [...found[facet]].sort()])) as unknown as Record<Facet, readonly string[]>;
}

/** An empty facet asks for nothing. */
export type Wanted = { query: string; state: StateFilter } & Partial<Record<Facet, string>>;

/** Every word of the query must be somewhere in what a run is called. */
export function filterRuns(runs: readonly Run[], { query, state, ...facets }: Wanted): readonly Run[] {
  const wanted = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const states = state === 'all' ? null : (GROUPS[state] ?? [state]);
  const chosen = FACETS.filter((facet) => (facets[facet] ?? '') !== '');
  if (states === null && wanted.length === 0 && chosen.length === 0) return runs;
  return runs.filter((run) => {
    if (states !== null && !(states as readonly string[]).includes(run.state)) return false;
    if (!chosen.every((facet) => FACET_VALUES[facet](run).includes(facets[facet]!))) return false;
    if (wanted.length === 0) return true;
    const text = [run.name, run.recipe, run.spec.dataset.name, run.user, ...(run.tags ?? []), run.id].join(' ').toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

type Value = string | number | null;
const VALUES: Record<string, (run: Run, now: number) => Value> = {
  name: ({ name }) => name.toLowerCase(),
  state: ({ state }) => state,
  progress: ({ progress: { step, totalSteps } }) => step / totalSteps,
  left: (run, now) => leftMsOf(run, now),
  best: (run) => bestOf(run)?.value ?? null,
  started: (run) => Date.parse(startOf(run) ?? run.createdAt),
  duration: (run, now) => lastedMsOf(run, now),
};

export const COLUMNS_KNOWN: readonly string[] = Object.keys(VALUES);

/** Columns of one's choice: `spec.` and a path of the spec, `metrics.` and a metric. */
export const isChosen = (column: string): boolean => /^(?:spec|metrics)\../.test(column);

/** A hyperparameter or a metric of a run; null where it has none. */
export function chosenOf({ spec, metrics }: Pick<Run, 'spec' | 'metrics'>, column: string): string | number | boolean | null {
  if (column.startsWith('spec.')) return scalarAt(spec, column.slice(5));
  const value = metrics[column.slice(8)];
  return value === undefined ? null : numberOf(value);
}

/** Columns of one's choice, as the address names them. */
export const COLUMNS: Codec<readonly string[]> = {
  read: (text) => [...new Set((text ?? '').split(',').map((column) => column.trim()).filter(isChosen))],
  write: (columns) => (columns.length === 0 ? null : columns.join(',')),
};

const USUAL: Order = { by: 'started', descending: true };
/** By any column, also one of choice: `name`, `-metrics.val_loss`. */
export const ORDER: Codec<Order> = {
  read: (text) => {
    const by = text?.replace(/^-/, '') ?? '';
    return COLUMNS_KNOWN.includes(by) || isChosen(by) ? { by, descending: text!.startsWith('-') } : USUAL;
  },
  write: ({ by, descending }) => (by === USUAL.by && descending === USUAL.descending ? null : `${descending ? '-' : ''}${by}`),
};

/** What has no value comes last, either way round; equals stay as they were. */
export function sortRuns(runs: readonly Run[], { by, descending }: Order, now = Date.now()): readonly Run[] {
  const valueOf = VALUES[by] ?? (isChosen(by) ? (run: Run) => comparable(chosenOf(run, by)) : undefined);
  if (valueOf === undefined) return runs;
  const sign = descending ? -1 : 1;
  const keyed = runs.map((run) => ({ run, value: valueOf(run, now) }));
  const isNone = (value: Value) => value === null || Number.isNaN(value);
  keyed.sort((a, b) => {
    if (isNone(a.value) || isNone(b.value)) return Number(isNone(a.value)) - Number(isNone(b.value));
    if (typeof a.value !== typeof b.value) return typeof a.value === 'number' ? -1 : 1;
    return a.value! < b.value! ? -sign : a.value! > b.value! ? sign : 0;
  });
  return keyed.map(({ run }) => run);
}

const comparable = (value: string | number | boolean | null): Value => (typeof value === 'boolean' ? String(value) : value);

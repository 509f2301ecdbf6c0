// Which runs a person wants to see, and in what order.
import type { Run } from '../../api/types.js';
import type { Order } from '../../lib/codecs.js';
import { headlineOf, lastedMsOf } from '../../lib/run-words.js';

export const STATE_FILTERS = ['all', 'active', 'waiting', 'ended', 'queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled'] as const;
export type StateFilter = (typeof STATE_FILTERS)[number];

const GROUPS: Partial<Record<StateFilter, readonly Run['state'][]>> = {
  active: ['starting', 'running', 'finalizing', 'pausing', 'cancelling', 'lost'],
  waiting: ['queued', 'paused'],
  ended: ['succeeded', 'failed', 'cancelled'],
};

/** Every word of the query must be somewhere in what a run is called. */
export function filterRuns(runs: readonly Run[], { query, state }: { query: string; state: StateFilter }): readonly Run[] {
  const wanted = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const states = state === 'all' ? null : (GROUPS[state] ?? [state]);
  if (states === null && wanted.length === 0) return runs;
  return runs.filter((run) => {
    if (states !== null && !(states as readonly string[]).includes(run.state)) return false;
    const text = [run.name, run.recipe, run.spec.dataset.name, run.user, ...(run.tags ?? []), run.id].join(' ').toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

type Value = string | number | null;
const VALUES: Record<string, (run: Run, now: number) => Value> = {
  name: ({ name }) => name.toLowerCase(),
  state: ({ state }) => state,
  progress: ({ progress: { step, totalSteps } }) => step / totalSteps,
  best: (run) => headlineOf(run)?.value ?? null,
  started: ({ startedAt, createdAt }) => Date.parse(startedAt ?? createdAt),
  duration: (run, now) => lastedMsOf(run, now),
};

export const COLUMNS_KNOWN: readonly string[] = Object.keys(VALUES);

/** What has no value comes last, either way round; equals stay as they were. */
export function sortRuns(runs: readonly Run[], { by, descending }: Order, now = Date.now()): readonly Run[] {
  const valueOf = VALUES[by];
  if (valueOf === undefined) return runs;
  const sign = descending ? -1 : 1;
  const keyed = runs.map((run) => ({ run, value: valueOf(run, now) }));
  const isNone = (value: Value) => value === null || Number.isNaN(value);
  keyed.sort((a, b) => {
    if (isNone(a.value) || isNone(b.value)) return Number(isNone(a.value)) - Number(isNone(b.value));
    return a.value! < b.value! ? -sign : a.value! > b.value! ? sign : 0;
  });
  return keyed.map(({ run }) => run);
}

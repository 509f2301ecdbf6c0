// The changes of state, warnings and checkpoints of a run: those before one looked, and those since.
import { useMemo } from 'preact/hooks';
import { api, take } from '../../../api/client.js';
import { useResource } from '../../../api/resource.js';
import type { Run } from '../../../api/types.js';
import type { RunRecord } from '../../../live/run-record.js';
import { isEvent, type Event } from './happenings.js';

const PAGE = 5000;
/** A run with more than that has told enough. */
const MOST_PAGES = 4;

export interface Events {
  /** Undefined until they were read. */
  events: readonly Event[] | undefined;
  error: unknown;
  reload(): void;
}

export function useEvents({ id }: Run, { notices }: RunRecord): Events {
  const { data, error, reload } = useResource(`events ${id}`, (signal) => readEvents(id, signal));
  const known = data?.at(-1)?.seq ?? 0;
  const fresh = notices.filter(isEvent).filter(({ seq }) => seq > known);
  // The same list, until there is one more: lines of the log are notices too.
  const events = useMemo(() => (data === undefined ? undefined : [...data, ...fresh]), [data, fresh.at(-1)?.seq]);
  return useMemo(() => ({ events, error, reload }), [events, error, reload]);
}

async function readEvents(id: string, signal: AbortSignal): Promise<Event[]> {
  const all: Event[] = [];
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const { items, hasMore } = await take(api.GET('/v1/runs/{id}/events', { params: { path: { id }, query: { kind: 'state,warning,checkpoint', after: all.at(-1)?.seq ?? 0, limit: PAGE } }, headers: { accept: 'application/json' }, signal }));
    all.push(...(items as Event[]));
    if (!hasMore || items.length === 0) break;
  }
  return all;
}

// The runs that are on devices and those that wait. Not the whole list: the page is left open where there are thousands.
import { useMemo } from 'preact/hooks';
import { PLACED_STATES } from '../../../portable/run-states.js';
import { api, take } from '../../api/client.js';
import { useResource, type Resource } from '../../api/resource.js';
import type { Queue, Run, RunState } from '../../api/types.js';

const MOST = 200;

const listed = (states: readonly RunState[], signal: AbortSignal) => take(api.GET('/v1/runs', { params: { query: { state: states.join(','), limit: MOST } }, signal }));

export interface AtWork {
  running: Resource<readonly Run[]>;
  /** The queue, with the runs in it. */
  waiting: Resource<{ queue: Queue; runs: readonly Run[] }>;
  /** All of these runs, by id. */
  known: ReadonlyMap<string, Run>;
}

export function useRunsAtWork(): AtWork {
  const running = useResource('runs at work', async (signal) => (await listed(PLACED_STATES, signal)).items as readonly Run[], { everyMs: 1500 });
  const waiting = useResource('queue', async (signal) => {
    const [queue, runs] = await Promise.all([take(api.GET('/v1/queue', { params: { query: { limit: MOST } }, signal })), listed(['queued'], signal)]);
    return { queue, runs: runs.items };
  }, { everyMs: 2500 });
  const known = useMemo(() => new Map([...(waiting.data?.runs ?? []), ...(running.data ?? [])].map((run) => [run.id, run])), [running.data, waiting.data]);
  return { running, waiting, known };
}

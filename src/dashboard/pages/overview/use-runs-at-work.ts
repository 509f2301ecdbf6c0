// The runs that are on devices and those that wait. Not the whole list: the page is left open where there are thousands.
import { useMemo, useState } from 'preact/hooks';
import { PLACED_STATES } from '../../../portable/run-states.js';
import { api, take } from '../../api/client.js';
import { useResource, type Resource } from '../../api/resource.js';
import type { Queue, Run } from '../../api/types.js';
import { QueuedRuns } from './queued-runs.js';

export const MOST_WAITING = 200;

export interface AtWork {
  running: Resource<readonly Run[]>;
  /** The queue, with the runs in it. */
  waiting: Resource<{ queue: Queue; runs: readonly Run[] }>;
  /** All of these runs, by id. */
  known: ReadonlyMap<string, Run>;
}

export function useRunsAtWork(): AtWork {
  const [queued] = useState(() => new QueuedRuns());
  const running = useResource('runs at work', async (signal) => (await take(api.GET('/v1/runs', { params: { query: { state: PLACED_STATES.join(), limit: 200 } }, signal }))).items as readonly Run[], { everyMs: 1500 });
  const waiting = useResource('queue', async (signal) => {
    const queue = await take(api.GET('/v1/queue', { params: { query: { limit: MOST_WAITING } }, signal }));
    const runs = await queued.read(queue.items.map(({ runId }) => runId), {
      list: async () => (await take(api.GET('/v1/runs', { params: { query: { state: 'queued', order: 'oldest', limit: 200 } }, signal }))).items,
      find: (id) => take(api.GET('/v1/runs/{id}', { params: { path: { id } }, signal })),
    });
    return { queue, runs };
  }, { everyMs: 2500 });
  const known = useMemo(() => new Map([...(waiting.data?.runs ?? []), ...(running.data ?? [])].map((run) => [run.id, run])), [running.data, waiting.data]);
  return { running, waiting, known };
}

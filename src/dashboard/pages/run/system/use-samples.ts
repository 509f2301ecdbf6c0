// The samples of a run's trainer: all that there were, then each as it comes.
import { useEffect, useRef } from 'preact/hooks';
import { api, take } from '../../../api/client.js';
import { useResource, type Resource } from '../../../api/resource.js';
import type { Run } from '../../../api/types.js';
import type { RunRecord } from '../../../live/run-record.js';
import { hasMore, type Sample } from './samples.js';

const PAGE = 5000;
/** Three days of a sample each five seconds. */
const MOST_PAGES = 10;

export function useSamples({ id }: Run, { latest }: RunRecord): Resource<readonly Sample[]> {
  const known = useRef<readonly Sample[]>([]);
  const resource = useResource(`system ${id}`, async (signal) => (known.current = [...known.current, ...(await readSamples(id, known.current.at(-1)?.seq ?? 0, signal))]));
  const newest = latest.get('system') ?? 0;
  const { data, reload } = resource;
  const isRead = data !== undefined;
  useEffect(() => {
    if (isRead && hasMore(known.current, newest)) reload();
  }, [newest, isRead, reload]);
  return resource;
}

async function readSamples(id: string, from: number, signal: AbortSignal): Promise<Sample[]> {
  const all: Sample[] = [];
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page = await take(api.GET('/v1/runs/{id}/events', { params: { path: { id }, query: { kind: 'system', after: all.at(-1)?.seq ?? from, limit: PAGE } }, headers: { accept: 'application/json' }, signal }));
    all.push(...(page.items as Sample[]));
    if (!page.hasMore || page.items.length === 0) break;
  }
  return all;
}

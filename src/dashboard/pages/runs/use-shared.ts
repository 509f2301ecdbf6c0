// The runs that other teams share with one's own, read again while one looks at them.
import { api, take } from '../../api/client.js';
import { useResource, type Resource } from '../../api/resource.js';
import type { Run } from '../../api/types.js';

const PAGE = 200;
const MOST_PAGES = 10;
const EVERY_MS = 5000;

/** Newest first. Nothing is read unless they are wanted. */
export const useSharedRuns = (wanted: boolean): Resource<readonly Run[]> =>
  useResource(`shared runs ${wanted}`, (signal) => (wanted ? readShared(signal) : Promise.resolve([])), wanted ? { everyMs: EVERY_MS } : {});

async function readShared(signal: AbortSignal): Promise<readonly Run[]> {
  const all: Run[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page: { items: Run[]; nextCursor: string | null } = await take(api.GET('/v1/runs', { params: { query: { shared: true, limit: PAGE, ...(cursor === null ? {} : { cursor }) } }, signal }));
    all.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === null) break;
  }
  return all;
}

// The runs that one sees, all of them, kept up to date: what is new and what is under way is asked for again and again.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, take } from '../api/client.js';
import type { Run, RunState } from '../api/types.js';
import { mergeRuns } from './merge-runs.js';
import { hasEnded } from './run-record.js';

const PAGE = 200;
const BUSY_MS = 1500;
const IDLE_MS = 10_000;
const ACTIVE: readonly RunState[] = ['queued', 'starting', 'running', 'finalizing', 'pausing', 'cancelling', 'lost'];

/** Newest first; null before the first answer. */
export const runs = signal<readonly Run[] | null>(null);
/** Whether older ones are still being read. */
export const reading = signal(false);
export const runsError = signal<unknown>(undefined);

let watchers = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let aborter = new AbortController();
/** Where the reading of older ones goes on; null when all are here. */
let cursor: string | null | undefined;

const readPage = (query: { limit?: number; state?: string; cursor?: string }) => take(api.GET('/v1/runs', { params: { query }, signal: aborter.signal }));

/** Asks now, and not only when it is time: somebody has just done something. */
export function refreshRuns(): void {
  if (watchers === 0) return;
  clearTimeout(timer);
  void poll();
}

/** What somebody was just told of a run. */
export function noteRun(run: Run): void {
  runs.value = mergeRuns(runs.peek() ?? [], { newest: [run], covers: false });
}

export function forgetRun(id: string): void {
  runs.value = runs.peek()?.filter((run) => run.id !== id) ?? null;
}

async function poll(): Promise<void> {
  const mine = aborter;
  let busy = true;
  try {
    const known = runs.peek() ?? [];
    const newest = await readPage({ limit: PAGE });
    cursor ??= newest.nextCursor;
    const atWork = known.filter((run) => !hasEnded(run.state) && run.state !== 'paused' && !newest.items.some(({ id }) => id === run.id));
    const active = atWork.length === 0 ? [] : (await readPage({ limit: PAGE, state: ACTIVE.join(',') })).items;
    // What was under way and is so no more has come to its end.
    const done = atWork.filter((run) => !active.some(({ id }) => id === run.id)).slice(0, 20);
    const ended = await Promise.all(done.map(({ id }) => take(api.GET('/v1/runs/{id}', { params: { path: { id } }, signal: mine.signal })).catch(() => null)));
    if (mine.signal.aborted) return;
    runs.value = mergeRuns(mergeRuns(runs.peek() ?? [], { newest: newest.items, covers: true, isAll: newest.nextCursor === null }), { newest: [...active, ...ended.filter((run) => run !== null)], covers: false });
    runsError.value = undefined;
    busy = runs.value.some((run) => !hasEnded(run.state));
    if (cursor !== null && !reading.peek()) void readOlder(mine);
  } catch (error) {
    if (mine.signal.aborted) return;
    runsError.value = error;
  }
  clearTimeout(timer);
  const again = () => (document.hidden ? document.addEventListener('visibilitychange', () => void poll(), { once: true, signal: mine.signal }) : void poll());
  timer = setTimeout(again, busy ? BUSY_MS : IDLE_MS);
}

/** Page after page, so that the newest are shown at once. */
async function readOlder({ signal: aborted }: AbortController): Promise<void> {
  reading.value = true;
  try {
    while (typeof cursor === 'string' && !aborted.aborted) {
      const page = await readPage({ limit: PAGE, cursor });
      cursor = page.nextCursor;
      runs.value = mergeRuns(runs.peek() ?? [], { newest: page.items, covers: false });
    }
  } catch {
    // The next poll goes on from there.
  }
  reading.value = false;
}

/** Keeps `runs` up to date while the component is shown. */
export function useRuns(): typeof runs {
  useEffect(() => {
    watchers += 1;
    if (watchers === 1) {
      aborter = new AbortController();
      cursor = undefined;
      void poll();
    }
    return () => {
      watchers -= 1;
      if (watchers > 0) return;
      aborter.abort();
      clearTimeout(timer);
    };
  }, []);
  return runs;
}

// The runs that one sees, all of them, kept up to date while somebody looks at them.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, take } from '../api/client.js';
import { ApiError } from '../api/error.js';
import type { Run } from '../api/types.js';
import { whileSeen, type Repeated } from '../lib/while-seen.js';
import { RunFeed, type RunSource } from './run-feed.js';

const BUSY_MS = 1500;
const IDLE_MS = 10_000;

/** Newest first; null before the first answer. */
export const runs = signal<readonly Run[] | null>(null);
/** Whether older ones are still being read. */
export const reading = signal(false);
export const runsError = signal<unknown>(undefined);

const feed = new RunFeed(() => (runs.value = feed.runs));
let watchers = 0;
let aborter = new AbortController();
let polls: Repeated | undefined;

/** What somebody was just told of a run. */
export function noteRun(run: Run): void {
  feed.note(run);
  polls?.soon();
}

export function forgetRun(id: string): void {
  feed.forget(id);
  polls?.soon();
}

const sourceOf = (signal: AbortSignal): RunSource => ({
  list: (query) => take(api.GET('/v1/runs', { params: { query }, signal })),
  find: (id) => take(api.GET('/v1/runs/{id}', { params: { path: { id } }, signal })).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }),
});

async function poll(source: RunSource, signal: AbortSignal): Promise<number> {
  try {
    await feed.poll(source);
    runsError.value = undefined;
    if (feed.isPartial && !reading.peek()) void readOlder(source, signal);
  } catch (error) {
    if (!signal.aborted) runsError.value = error;
  }
  return feed.isBusy ? BUSY_MS : IDLE_MS;
}

/** Page after page, so that the newest are shown at once. */
async function readOlder(source: RunSource, signal: AbortSignal): Promise<void> {
  reading.value = true;
  try {
    while (feed.isPartial && !signal.aborted) await feed.readOlder(source);
  } catch {
    // The next poll goes on from there.
  }
  reading.value = false;
}

function start(): void {
  aborter = new AbortController();
  const { signal } = aborter;
  const source = sourceOf(signal);
  feed.restart();
  polls = whileSeen(() => poll(source, signal), signal);
}

/** Keeps `runs` up to date while the component is shown. */
export function useRuns(): typeof runs {
  useEffect(() => {
    watchers += 1;
    if (watchers === 1) start();
    return () => {
      watchers -= 1;
      if (watchers > 0) return;
      aborter.abort();
      polls = undefined;
    };
  }, []);
  return runs;
}

// All lines of a run's log: those that there were, and each as it is said.
import { useRef } from 'preact/hooks';
import { api, take } from '../../../api/client.js';
import { useResource } from '../../../api/resource.js';
import type { Run } from '../../../api/types.js';
import type { RunRecord } from '../../../live/run-record.js';
import { isLogEvent, linesOf, type LogEvent, type LogLine } from './log-lines.js';

const PAGE = 5000;
/** Who wants more takes the file. */
const MOST_PAGES = 10;

export interface Log {
  /** Undefined until it was read. Another array whenever there are more. */
  lines: readonly LogLine[] | undefined;
  error: unknown;
  reload(): void;
}

interface Gathered {
  from: readonly LogEvent[];
  lines: readonly LogLine[];
  seq: number;
}

export function useLog({ id }: Run, { notices }: RunRecord): Log {
  const { data, error, reload } = useResource(`log ${id}`, (signal) => readLog(id, signal));
  // The record forgets what is old; what was shown once stays.
  const gathered = useRef<Gathered | null>(null);
  if (data === undefined) return { lines: undefined, error, reload };
  if (gathered.current?.from !== data) gathered.current = { from: data, lines: data.flatMap(linesOf), seq: data.at(-1)?.seq ?? 0 };
  const { lines, seq } = gathered.current;
  const fresh = notices.filter(isLogEvent).filter((event) => event.seq > seq);
  if (fresh.length > 0) gathered.current = { from: data, lines: [...lines, ...fresh.flatMap(linesOf)], seq: fresh.at(-1)!.seq };
  return { lines: gathered.current.lines, error, reload };
}

async function readLog(id: string, signal: AbortSignal): Promise<LogEvent[]> {
  const all: LogEvent[] = [];
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const { items, hasMore } = await take(api.GET('/v1/runs/{id}/logs', { params: { path: { id }, query: { after: all.at(-1)?.seq ?? 0, limit: PAGE } }, headers: { accept: 'application/json' }, signal }));
    all.push(...(items as LogEvent[]));
    if (!hasMore || items.length === 0) break;
  }
  return all;
}

// A run's log as text: one line an event, read from the event log page by page, so that a long log is
// never held whole.
import { Readable } from 'node:stream';
import type { EventLog } from '../live/event-log.js';
import type { EventKind, EventPage, RunEvent } from '../schemas/event.js';

export const LOG_KINDS = ['log', 'warning'] as const satisfies readonly EventKind[];
const PAGE_EVENTS = 1000;

/**
 * Text of the log after `after`: `limit` events of it, or all that there are now. The first page is read before
 * this resolves, so that a database that is away is an error and not a broken answer.
 */
export async function openLogText(events: EventLog, runId: string, { after = 0, limit = Infinity }: { after?: number; limit?: number }): Promise<Readable> {
  const read = (from: number, count: number) => events.read(runId, { after: from, limit: Math.min(count, PAGE_EVENTS), kinds: LOG_KINDS });
  async function* pages(first: EventPage): AsyncGenerator<string> {
    let left = limit;
    for (let page = first; page.items.length > 0; ) {
      yield page.items.map(lineOf).join('');
      left -= page.items.length;
      const last = page.items.at(-1);
      if (!page.hasMore || left <= 0 || last === undefined) return;
      page = await read(last.seq, left);
    }
  }
  return Readable.from(pages(await read(after, limit)), { objectMode: false });
}

/** `2026-01-31T09:30:00.000Z  INFO  message`; further lines of a message are indented. */
export function lineOf(event: RunEvent): string {
  const level = event.kind === 'log' ? event.data.level : 'warn';
  const message = event.kind === 'log' || event.kind === 'warning' ? event.data.message : '';
  return `${event.at}  ${level.toUpperCase().padEnd(5)} ${message.trimEnd().replaceAll('\n', '\n    ')}\n`;
}

// The moments of a run before one looked at it, for its axis of time.
import { useEffect, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import type { Run, RunEvent } from '../../api/types.js';
import { RunClock } from '../../live/run-clock.js';
import type { RunRecord } from '../../live/run-record.js';

const PAGE = 5000;
type EventOf<K extends RunEvent['kind']> = Extract<RunEvent, { kind: K }>;

/** Fills the record's clock, once, when it is wanted. */
export function useClock(run: Run, record: RunRecord, wanted: boolean): void {
  const [, setFilled] = useState<RunRecord | null>(null);
  useEffect(() => {
    if (!wanted || record.clock.isWhole) return;
    const aborter = new AbortController();
    void readClock(run, aborter.signal).then((clock) => {
      record.clock.prepend(clock);
      setFilled(record);
    }, () => undefined);
    return () => aborter.abort();
  }, [wanted, record]);
}

async function readClock({ id }: Run, signal: AbortSignal): Promise<RunClock> {
  const clock = new RunClock();
  let after = 0;
  for (let pages = 0; pages < 10; pages += 1) {
    const page = await take(api.GET('/v1/runs/{id}/events', { params: { path: { id }, query: { kind: 'state,epoch', after, limit: PAGE } }, headers: { accept: 'application/json' }, signal }));
    for (const event of page.items as (EventOf<'state'> | EventOf<'epoch'>)[]) {
      if (event.kind === 'state') clock.takeState(event);
      else clock.note(event.data.step, Date.parse(event.at));
    }
    if (!page.hasMore || page.items.length === 0) break;
    after = page.items.at(-1)!.seq;
  }
  return clock;
}

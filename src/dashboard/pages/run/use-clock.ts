// The moments of a run before one looked at it, for its axis of time.
import { useEffect, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import type { Run, RunEvent } from '../../api/types.js';
import { RunClock } from '../../live/run-clock.js';
import { hasEnded } from '../../../portable/run-states.js';
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

async function readClock({ id, state, progress }: Run, signal: AbortSignal): Promise<RunClock> {
  const clock = new RunClock();
  let step = 0;
  let after = 0;
  for (let pages = 0; pages < 10; pages += 1) {
    const page = await take(api.GET('/v1/runs/{id}/events', { params: { path: { id }, query: { kind: 'state,epoch', after, limit: PAGE } }, headers: { accept: 'application/json' }, signal }));
    for (const event of page.items as (EventOf<'state'> | EventOf<'epoch'>)[]) {
      if (event.kind === 'state' && event.data.state === 'starting') clock.cut((step = event.data.step ?? 0));
      // The end may be in the middle of an epoch; the row knows at which step. Where it was taken up again, that is cut.
      if (event.kind === 'state' && hasEnded(event.data.state) && hasEnded(state)) step = progress.step;
      if (event.kind === 'state') clock.noteState(event.data.state, step, Date.parse(event.at));
      else clock.note((step = event.data.step), Date.parse(event.at));
    }
    if (!page.hasMore || page.items.length === 0) break;
    after = page.items.at(-1)!.seq;
  }
  return clock;
}

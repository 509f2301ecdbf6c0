// Which runs a reader may see, remembered for a moment: whoever watches the devices is told of the same runs every second.
import type { Reader } from '../identity/principal.js';
import type { RunService } from '../runs/service.js';
import { systemClock, type Clock } from './clock.js';

/** A run that is shared no more is seen for as long. */
const REMEMBER_MS = 10_000;

interface Known {
  at: number;
  runs: Map<string, Promise<boolean>>;
}

export interface SeenRunsOptions {
  runs: Pick<RunService, 'seen'>;
  clock?: Pick<Clock, 'now'>;
}

/** One for all readers: those of one team share what was found out. */
export function createSeenRuns({ runs, clock = systemClock }: SeenRunsOptions): (reader: Reader, runIds: readonly string[]) => Promise<ReadonlySet<string>> {
  const readers = new Map<string, Known>();

  function knownTo({ teamId, onlyRunId }: Reader): Known {
    const key = `${teamId} ${onlyRunId}`;
    for (const [other, { at }] of readers) if (clock.now() - at >= REMEMBER_MS) readers.delete(other);
    const known = readers.get(key) ?? { at: clock.now(), runs: new Map() };
    readers.set(key, known);
    return known;
  }

  return async ({ teamId, onlyRunId }, runIds) => {
    const known = knownTo({ teamId, onlyRunId });
    const unknown = runIds.filter((id) => !known.runs.has(id));
    if (unknown.length > 0) {
      const answer = runs.seen({ teamId, onlyRunId }, unknown);
      for (const id of unknown) known.runs.set(id, answer.then((seen) => seen.has(id)));
      // A failed question is asked again.
      answer.catch(() => unknown.forEach((id) => known.runs.delete(id)));
    }
    const seen = await Promise.all(runIds.map(async (id) => ((await known.runs.get(id)) === true ? [id] : [])));
    return new Set(seen.flat());
  };
}

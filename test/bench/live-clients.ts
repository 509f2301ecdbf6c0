// The clients' side of the live bench, in a process of its own: many readers, told what to watch and when to count.
import { until } from '../helpers/poll.js';
import { answerWith } from './helper.js';
import { createFrameReader, Reader, type ReaderOptions } from './live-reader.js';

export type ClientQuestion =
  /** Answered when all are subscribed. */
  | { type: 'watch'; readers: ReaderOptions[] }
  /** Answered when every reader has the events up to these numbers, or has had long enough. */
  | { type: 'count'; heads: Map<string, number> }
  /** One reader, timed from its wish for a run's events to the last of them. */
  | { type: 'replay'; address: string; runId: string; head: number };

export interface ClientAnswer {
  /** Of live events to readers that are not slow, in ms. */
  delays: number[];
  lost: number;
  doubled: number;
  /** Readers that were told that they are behind. */
  lagging: number;
  points: number;
  seconds: number;
}

const DEADLINE_MS = 120_000;
const OPENED_AT_ONCE = 50;

let readers: Reader[] = [];

async function openAll(wishes: readonly ReaderOptions[]): Promise<void> {
  const read = createFrameReader();
  for (let start = 0; start < wishes.length; start += OPENED_AT_ONCE) {
    const some = wishes.slice(start, start + OPENED_AT_ONCE).map((wish) => new Reader(wish, read));
    readers.push(...some);
    await Promise.all(some.map((reader) => reader.open()));
  }
  await until(() => readers.every((reader) => reader.isSubscribed), { what: 'all readers to be subscribed', deadlineMs: DEADLINE_MS });
}

async function waitForAll(heads: ReadonlyMap<string, number>): Promise<void> {
  const isDone = (reader: Reader) => reader.tally.hasAll(heads) || reader.isClosed;
  // What is still missing then is lost.
  await until(() => readers.every(isDone), { what: 'all events', deadlineMs: DEADLINE_MS, everyMs: 2 }).catch(() => undefined);
}

function count(heads: ReadonlyMap<string, number>, seconds: number): ClientAnswer {
  const sum = (of: (reader: Reader) => number) => readers.reduce((total, reader) => total + of(reader), 0);
  const answer = {
    delays: readers.flatMap(({ options, tally }) => (options.isSlow ? [] : tally.delays)),
    lost: sum(({ tally }) => tally.lost(heads)),
    doubled: sum(({ tally }) => tally.doubled),
    lagging: sum(({ lagging }) => (lagging > 0 ? 1 : 0)),
    points: sum(({ tally }) => tally.points),
    seconds,
  };
  for (const reader of readers) reader.close();
  readers = [];
  return answer;
}

answerWith(async (question: ClientQuestion): Promise<ClientAnswer | null> => {
  const begun = performance.now();
  switch (question.type) {
    case 'watch':
      await openAll(question.readers);
      return null;
    case 'count':
      for (const reader of readers) reader.hurry();
      await waitForAll(question.heads);
      return count(question.heads, (performance.now() - begun) / 1000);
    case 'replay': {
      const { address, runId, head } = question;
      const heads = new Map([[runId, head]]);
      await openAll([{ address, subscriptions: [{ runId, after: 0 }] }]);
      await waitForAll(heads);
      return count(heads, (performance.now() - begun) / 1000);
    }
  }
});

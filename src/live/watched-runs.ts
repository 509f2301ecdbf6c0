// The runs that somebody watches: one feed each, opened by the first who asks and closed by the last who
// leaves, and the comparison of their heads with the log.
import type { Run } from '../schemas/run.js';
import type { Bus } from './bus.js';
import type { EventLog } from './event-log.js';
import { createGate } from '../gate.js';
import type { LiveLimits } from './limits.js';
import { RunFeed } from './run-feed.js';

export interface WatchedRunsOptions {
  events: Pick<EventLog, 'read' | 'heads'>;
  bus: Pick<Bus, 'subscribe' | 'listening'>;
  findRun(id: string): Promise<Run | null>;
  limits: LiveLimits;
  onError(error: unknown, what: string): void;
}

/** A share in a feed; whoever took it MUST release it, once. */
export interface FeedLease {
  feed: RunFeed;
  release(): void;
}

export interface WatchedRuns {
  /**
   * Null when there is no such run. When `after` is past the feed's head, the log was asked as well: a client may have
   * heard from another process of an event that this one has no notice of yet. @throws what `findRun` and the log throw.
   */
  acquire(runId: string, after: number): Promise<FeedLease | null>;
  /** Compares all heads with the log; feeds of deleted runs end. */
  check(): Promise<void>;
  count(): number;
}

interface Entry {
  users: number;
  opening: Promise<RunFeed | null>;
  feed: RunFeed | null;
  stop(): void;
}

/** Runs of one query for heads; PostgreSQL allows 65,535 parameters. */
const HEADS_AT_ONCE = 1000;

export function createWatchedRuns({ events, bus, findRun, limits, onError }: WatchedRunsOptions): WatchedRuns {
  const entries = new Map<string, Entry>();
  const gate = createGate(limits.concurrentReads);

  async function open(runId: string, entry: Entry): Promise<RunFeed | null> {
    // Listen first: of a notice that comes before the row is read, at least the head is kept.
    let noticed = 0;
    entry.stop = bus.subscribe(runId, (notice) => {
      if (entry.feed === null) noticed = Math.max(noticed, notice.head);
      else entry.feed.notice(notice);
    });
    // While the bus is away the comparison of heads brings the news, later.
    await bus.listening().catch((error: unknown) => onError(error, 'listening to the bus'));
    const run = await findRun(runId);
    if (run === null) return null;
    entry.feed = new RunFeed(run, { limits, read: (after) => gate(() => events.read(runId, { after, limit: limits.pageEvents })), onError });
    entry.feed.check(noticed);
    return entry.feed;
  }

  function leave(runId: string, entry: Entry): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    if (entries.get(runId) === entry) entries.delete(runId);
    entry.stop();
    entry.feed?.close();
  }

  function enter(runId: string): Entry {
    let entry = entries.get(runId);
    if (entry === undefined) {
      entry = { users: 0, opening: Promise.resolve(null), feed: null, stop: () => {} };
      entries.set(runId, entry);
      entry.opening = open(runId, entry);
    }
    entry.users += 1;
    return entry;
  }

  async function refresh(feed: RunFeed): Promise<void> {
    const head = (await events.heads([feed.runId])).get(feed.runId);
    if (head !== undefined) feed.check(head);
  }

  return {
    async acquire(runId, after) {
      const entry = enter(runId);
      try {
        const feed = await entry.opening;
        if (feed !== null && after > feed.head) await refresh(feed);
        if (feed !== null && !feed.deleted) return { feed, release: () => leave(runId, entry) };
      } catch (error) {
        leave(runId, entry);
        throw error;
      }
      leave(runId, entry);
      return null;
    },

    async check() {
      const open = [...entries].filter(([, entry]) => entry.feed !== null);
      for (let start = 0; start < open.length; start += HEADS_AT_ONCE) {
        const some = open.slice(start, start + HEADS_AT_ONCE);
        const heads = await events.heads(some.map(([runId]) => runId));
        for (const [runId, entry] of some) {
          // Whoever left meanwhile, or came back, is not concerned.
          if (entries.get(runId) !== entry) continue;
          const head = heads.get(runId);
          if (head !== undefined) {
            entry.feed?.check(head);
          } else {
            entries.delete(runId);
            entry.feed?.delete();
          }
        }
      }
    },

    count: () => entries.size,
  };
}

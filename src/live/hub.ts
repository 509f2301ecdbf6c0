// The live hub: every client's subscriptions over one feed per watched run. Knows no transport. A client
// gets every event after its position, in order and once, whatever happens to notices: the bus only says
// when to look, and the heads in the log are compared every two seconds all the same.
import { ServiceError } from '../errors.js';
import type { Run } from '../schemas/run.js';
import type { Bus } from './bus.js';
import { systemClock, type Clock } from './clock.js';
import { Connection, type LiveConnection } from './connection.js';
import type { EventLog } from './event-log.js';
import type { LiveClient } from './frame-pump.js';
import type { Framing } from './framing.js';
import { LIVE_LIMITS, type LiveLimits } from './limits.js';
import type { SeenRuns } from './device-subscription.js';
import { RunStream } from './run-stream.js';
import { createWatchedRuns } from './watched-runs.js';

export type { LiveConnection } from './connection.js';
export type { LiveClient } from './frame-pump.js';

export interface LiveHubOptions {
  events: Pick<EventLog, 'read' | 'heads'>;
  bus: Pick<Bus, 'subscribe' | 'listening' | 'onGap' | 'onSamples'>;
  /** When it throws a ServiceError, the client is told its code. */
  findRun(id: string): Promise<Run | null>;
  log: { warn(details: object, message: string): void };
  limits?: Partial<LiveLimits>;
  clock?: Clock;
}

/** @throws ServiceError whose code the client is told */
export type MayWatch = (runId: string) => Promise<boolean>;

export interface LiveHub {
  /**
   * Without `mayWatch` every run may be watched. A run that may not is none to the client. Without `seenRuns` it may
   * not watch the devices.
   */
  connect(client: LiveClient, about?: { mayWatch?: MayWatch; seenRuns?: SeenRuns | null }): LiveConnection;
  /**
   * For a transport that carries one run; `after` is the number of the last event that its client has, and may be past
   * the head. @throws ServiceError not_found, rate_limited, shutting_down, and what `findRun` throws
   */
  openStream(runId: string, options: { after: number; framing: Framing }): Promise<RunStream>;
  /** What there is now. */
  counts(): { connections: number; subscriptions: number; runs: number };
  /** Closes every connection and stream with 1001. */
  close(): Promise<void>;
}

export function createLiveHub({ events, bus, findRun, log, limits: given = {}, clock = systemClock }: LiveHubOptions): LiveHub {
  const limits: LiveLimits = { ...LIVE_LIMITS, ...given };
  const onError = (error: unknown, what: string) => log.warn({ err: error }, `${what} failed`);
  const watched = createWatchedRuns({ events, bus, findRun, limits, onError });
  const connections = new Set<Connection | RunStream>();
  let stopped = false;
  let checking = false;
  let again = false;
  let cancelCheck = () => {};

  async function check(): Promise<void> {
    if (checking) {
      again = true;
      return;
    }
    checking = true;
    cancelCheck();
    await watched.check().catch((error: unknown) => onError(error, 'comparing the heads of runs'));
    checking = false;
    scheduleCheck(again ? 0 : limits.checkEveryMs);
    again = false;
  }

  function scheduleCheck(ms: number): void {
    if (!stopped) cancelCheck = clock.after(ms, () => void check());
  }

  scheduleCheck(limits.checkEveryMs);
  const stopGaps = bus.onGap(() => void check());

  return {
    connect(client, { mayWatch = async () => true, seenRuns = null } = {}) {
      const runs = { acquire: async (runId: string, after: number) => ((await mayWatch(runId)) ? watched.acquire(runId, after) : null) };
      const connection = new Connection({ client, clock, limits, runs, bus, seenRuns, onClosed: () => connections.delete(connection), onError });
      connections.add(connection);
      if (connections.size > limits.connections) connection.close(1013, 'too many clients');
      if (stopped) connection.close(1001, 'the service is stopping');
      return connection;
    },

    async openStream(runId, { after, framing }) {
      const lease = await watched.acquire(runId.toLowerCase(), after);
      if (lease === null) throw new ServiceError('not_found', `There is no run ${runId}.`);
      const stream = new RunStream({ lease, after, framing, clock, limits, onClosed: () => connections.delete(stream) });
      if (!stopped && connections.size < limits.connections) {
        connections.add(stream);
        return stream;
      }
      stream.closed();
      throw stopped ? new ServiceError('shutting_down') : new ServiceError('rate_limited', 'Too many clients watch runs.');
    },

    counts() {
      let subscriptions = 0;
      for (const connection of connections) subscriptions += connection.subscriptionCount;
      return { connections: connections.size, subscriptions, runs: watched.count() };
    },

    async close() {
      stopped = true;
      cancelCheck();
      stopGaps();
      for (const connection of [...connections]) connection.close(1001, 'the service is stopping');
    },
  };
}

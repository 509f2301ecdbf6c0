// The scheduler of this process, on the queues and the bus: it decides while it has the lead, and else passes on what
// it hears to the one that has.
import type { Stores } from '../src/compose-stores.js';
import { readScene } from '../src/dispatch/scene.js';
import { readSnapshot } from '../src/dispatch/snapshot.js';
import { startDispatcher, type Dispatcher, type RoundTold } from '../src/dispatch/dispatcher.js';
import { createOutlooker } from '../src/dispatch/outlooker.js';
import type { WaitingRow } from '../src/dispatch/placements.js';
import type { Log } from '../src/log.js';
import { consumeRuns, createRunQueue } from '../src/queue/bullmq-queue.js';
import { queueOfBox, type RunQueue } from '../src/queue/queue.js';
import { repeat } from '../src/repeat.js';
import type { Settings } from '../src/scheduler/state.js';

export interface DispatchingOptions {
  owner: string;
  stores: Stores;
  /** A supervisor that was not heard of for so long is gone. */
  leaseMs: number;
  settings: Settings;
  log: Log;
  /** For those who measure. */
  onRound?(round: RoundTold): void;
}

export interface Dispatching {
  /** A run has left its devices here. */
  freed(): void;
  stop(): Promise<void>;
}

/** Arrivals only wake the scheduler, so that many are taken at once. */
const ARRIVALS_AT_ONCE = 50;
const ARRIVAL_LOCK_MS = 10_000;
/** How often those that have come to wait are told when they are likely to start. */
const ESTIMATE_MS = 5_000;

export function startDispatching({ owner, stores, leaseMs, settings, log, onRound }: DispatchingOptions): Dispatching {
  const { bus, clock, placements, queueConnection } = stores;
  const onError = (error: unknown, what: string) => log.warn({ err: error }, `${what} failed; it is tried again`);
  const queues = new Map<string, RunQueue>();
  const queueFor = (box: string) => {
    const known = queues.get(box) ?? createRunQueue(queueConnection, { name: queueOfBox(box), onError: (error) => onError(error, 'the queue of a box') });
    queues.set(box, known);
    return known;
  };
  const dispatcher: Dispatcher = startDispatcher({
    owner, placements, settings, onError, now: clock.now,
    scene: (now) => readScene({ ...stores, leaseMs }, now),
    usage: (now) => stores.usageOf(now, settings),
    hand: ({ box, runId, attempt }) => queueFor(box).enqueue({ runId, attempt }),
    tell: () => bus.sendCommand({ type: 'leave' }),
    onRound: (round) => {
      if (round.started + round.evicted > 0) log.debug(round, 'runs were placed');
      onRound?.(round);
    },
  });
  const pass = (command: Parameters<typeof bus.sendCommand>[0]) => void bus.sendCommand(command).catch((error: unknown) => onError(error, 'telling the scheduler'));
  const offCommand = bus.onCommand((command) => {
    if (command.type === 'arrived') dispatcher.wake(command.runId);
    else if (command.type === 'changed') dispatcher.wake();
    else if (command.type === 'freed') dispatcher.freed();
  });
  const consumer = consumeRuns(queueConnection, {
    concurrency: ARRIVALS_AT_ONCE,
    lockDurationMs: ARRIVAL_LOCK_MS,
    async handler({ runId }) {
      if (dispatcher.leads()) dispatcher.wake(runId);
      else pass({ type: 'arrived', runId });
    },
    onError: (error) => onError(error, 'taking arrivals'),
  });

  const estimates = startEstimating({ stores, leaseMs, settings, dispatcher, onError });

  return {
    freed() {
      if (dispatcher.leads()) dispatcher.freed();
      else pass({ type: 'freed' });
    },
    async stop() {
      offCommand();
      await Promise.allSettled([consumer.close(), dispatcher.stop(), estimates.stop()]);
      await Promise.allSettled([...queues.values()].map((queue) => queue.close()));
    },
  };
}

interface EstimatingOptions {
  stores: Stores;
  leaseMs: number;
  settings: Settings;
  dispatcher: Pick<Dispatcher, 'leads' | 'waiting'>;
  onError(error: unknown, what: string): void;
}

/** Writes down when each run was first expected to start, so that it can be held against when it did. */
function startEstimating({ stores, leaseMs, settings, dispatcher, onError }: EstimatingOptions): { stop(): Promise<void> } {
  const { estimates } = stores;
  const outlooker = createOutlooker();
  const keyOf = ({ id, queuedAt }: WaitingRow) => `${id} ${queuedAt.getTime()}`;
  let told = new Set<string>();
  const round = async () => {
    if (!dispatcher.leads()) return;
    const rows = dispatcher.waiting();
    if (rows.some((row) => !told.has(keyOf(row)))) {
      const snapshot = await readSnapshot({ ...stores, leaseMs, scheduling: settings }, stores.clock.now(), rows);
      const { standings } = await outlooker.ask({ state: snapshot.state, settings });
      await estimates.note(standings.filter(({ runId }) => !told.has(keyOf(snapshot.rows.get(runId)!))), snapshot.state.now);
    }
    // What has gone is forgotten; what nobody can tell yet is tried once.
    told = new Set(rows.map(keyOf));
    await estimates.settle();
  };
  const stop = repeat(round, { everyMs: ESTIMATE_MS, onError: (error) => onError(error, 'estimating starts') });
  return {
    async stop() {
      stop();
      await outlooker.close();
    },
  };
}

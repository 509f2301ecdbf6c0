// The run queues as everybody but their implementation sees them: who waits, who takes, what may be lost.
// A job only names a run and an attempt; the database holds the truth about both. Runs that come to wait go into one
// queue, for whoever schedules; those that were given a place go into that of its box.

/** Where a queue lives. The URL is `postgres://…` or `redis://host:port/db`. */
export type StoreConnection = { kind: 'postgres'; url: string } | { kind: 'redis'; url: string };

/** The queue of runs that wait for a place. */
export const ARRIVALS = 'runs';
/** The queue of runs that are to be started in a box. */
export const queueOfBox = (box: string) => `${ARRIVALS}-${box}`;

/** One attempt of one run. At most one such job is in the queue at a time. */
export interface RunJob {
  runId: string;
  /** Counts from 1; fences the writes of whoever handles the job. */
  attempt: number;
}

/**
 * The producing side. Every method rejects with a ServiceError `queue_unavailable` within about two seconds
 * while the store does not answer, and works again when it is back.
 */
export interface RunQueue {
  /**
   * Idempotent by (run, attempt) for as long as the job waits or is being handled; it may still have taken effect
   * when it rejects. First in, first out.
   */
  enqueue(job: RunJob): Promise<void>;
  counts(): Promise<{ waiting: number; active: number }>;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The taking side: one per process that trains. */
export interface RunConsumer {
  /** Resolves when jobs are taken for the first time; never while the store is away. Rejects when closed before. */
  ready(): Promise<void>;
  /**
   * Stops taking, for good; the handlers go on and keep their locks. A job on its way at that very moment may still
   * reach the handler.
   */
  pause(): Promise<void>;
  /** Stops taking, waits for the handlers as long as they need, and lets go of the connections. */
  close(): Promise<void>;
}

export interface ConsumeOptions {
  /** Name of the queue; that of the arrivals when absent. */
  queue?: string;
  /** Handlers at a time, at least 1. */
  concurrency: number;
  /**
   * A lock lives this long and is renewed at half of it. When the process dies, its jobs are delivered to another
   * consumer after two to three times this long.
   */
  lockDurationMs: number;
  /**
   * Must be idempotent: a job is delivered again when its consumer dies or loses the store for longer than the lock.
   * While a handler runs, the same job is not handed to the same process a second time. Whether it resolves or
   * rejects, the job is gone afterwards: retrying is for the caller, with a new attempt.
   */
  handler(job: RunJob): Promise<void>;
  /** Failed handlers and trouble with the store. Nothing needs to be done: the consumer goes on by itself. */
  onError(error: Error): void;
}

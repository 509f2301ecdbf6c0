// Takes runs from the queue, one BullMQ worker per process. Survives the store: it comes back by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker, type IQueueBackend, type Job } from 'bullmq';
import { within } from '../deadline.js';
import { ARRIVALS, type ConsumeOptions, type RunConsumer, type RunJob, type StoreConnection } from './queue.js';
import { closeWithin, describeStore, prepareStore, type Store } from './stores.js';

const RETRY_MS = 1_000;
/** An idle worker looks by itself this often, in case a wake-up got lost. */
const IDLE_LOOK_S = 5;
/** How long a store may take to hear that a job is done, once the handlers have ended. */
const GOODBYE_MS = 3_000;
/** A job that outlives many consumers is still a job: whether to give it up is decided by the run's attempts. */
const STALLS_ALLOWED = 1_000_000;

type RunWorker = Worker<RunJob, void, string, IQueueBackend>;

/** Starts to take jobs as soon as the store is there. Never throws: trouble goes to `onError`. */
export function consumeRuns(connection: StoreConnection, options: ConsumeOptions): RunConsumer {
  return new BullmqConsumer(connection, options);
}

class BullmqConsumer implements RunConsumer {
  readonly #connection: StoreConnection;
  readonly #options: ConsumeOptions;
  readonly #handling = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  readonly #ready: Promise<void>;
  readonly #running: Promise<void>;
  #worker: RunWorker | undefined;

  constructor(connection: StoreConnection, options: ConsumeOptions) {
    this.#connection = connection;
    this.#options = options;
    let taking: () => void;
    this.#ready = new Promise((resolve, reject) => {
      taking = resolve;
      this.#stop.signal.addEventListener('abort', () => reject(new Error('the consumer was closed before it was ready')));
    });
    this.#ready.catch(() => {});
    this.#running = this.#run(() => taking());
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  async pause(): Promise<void> {
    this.#stop.abort();
  }

  async close(): Promise<void> {
    await this.pause();
    for (;;) {
      await Promise.allSettled(this.#handling.values());
      try {
        return await within(GOODBYE_MS, this.#running);
      } catch (error) {
        // One more handler may have begun meanwhile; it is waited for as well.
        if (this.#handling.size > 0) continue;
        this.#options.onError(asError(error));
        return this.#worker && (await closeWithin(1, this.#worker));
      }
    }
  }

  /** Ends only when it was told to stop: a worker that ends by itself is replaced. */
  async #run(taking: () => void): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#work(taking);
      } catch (error) {
        if (!this.#stop.signal.aborted) this.#options.onError(asError(error));
      }
      await sleep(RETRY_MS, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  async #work(taking: () => void): Promise<void> {
    await prepareStore(this.#connection);
    if (this.#stop.signal.aborted) return;
    const worker = newWorker(describeStore(this.#connection, 'waits'), this.#options, (job) => this.#handle(job));
    this.#worker = worker;
    worker.on('error', this.#options.onError);
    worker.on('failed', (_job, error) => this.#options.onError(error));
    // A closing worker takes nothing more, and renews its locks until its last handler has ended.
    const stop = () => void worker.close().catch(() => {});
    this.#stop.signal.addEventListener('abort', stop);
    try {
      await worker.waitUntilReady();
      taking();
      await worker.run();
    } finally {
      this.#stop.signal.removeEventListener('abort', stop);
      await closeWithin(GOODBYE_MS, worker);
    }
  }

  /** A job that was delivered again while this very process still handles it joins the handler that runs. */
  #handle(job: Job<RunJob>): Promise<void> {
    const id = job.id ?? '';
    const running = this.#handling.get(id);
    if (running) return running;
    const { runId, attempt } = job.data;
    const handled = (async () => this.#options.handler({ runId, attempt }))().finally(() => this.#handling.delete(id));
    this.#handling.set(id, handled);
    return handled;
  }
}

function newWorker(store: Store, options: ConsumeOptions, handle: (job: Job<RunJob>) => Promise<void>): RunWorker {
  return new PatientWorker(
    options.queue ?? ARRIVALS,
    handle,
    {
      ...store.options,
      autorun: false,
      concurrency: options.concurrency,
      lockDuration: options.lockDurationMs,
      stalledInterval: options.lockDurationMs,
      maxStalledCount: STALLS_ALLOWED,
      drainDelay: IDLE_LOOK_S,
      runRetryDelay: RETRY_MS,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
    store.backend,
  );
}

/** BullMQ's worker with two corrections to the moment when it fetches a job. */
class PatientWorker extends Worker<RunJob, void, string, IQueueBackend> {
  protected override async moveToActive(token: string, name?: string): Promise<Job<RunJob, void>> {
    // A worker that was blocked when it was closed fetches once more, and would hold a job that nobody handles.
    if (this.closing) return nothing();
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      // Any error but a refused connection is tried again without a pause, as fast as the store can fail.
      await sleep(RETRY_MS);
      throw error;
    }
  }

  /** A lost wake-up costs seconds: on PostgreSQL it would be an hour. */
  protected override getBlockTimeout(blockUntil: number): number {
    return Math.min(super.getBlockTimeout(blockUntil), IDLE_LOOK_S);
  }
}

/** The declared type leaves out that there may be no job. */
function nothing<T>(): T {
  return undefined as T;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

// A run queue on BullMQ, on PostgreSQL or Redis, from the side of who puts jobs in.
import { Queue, type IQueueBackend } from 'bullmq';
import { ServiceError } from '../errors.js';
import { within } from '../deadline.js';
import { ARRIVALS, type RunJob, type RunQueue, type StoreConnection } from './queue.js';
import { closeWithin, describeStore, prepareStore } from './stores.js';

export { consumeRuns } from './bullmq-consumer.js';

const ANSWER_WITHIN_MS = 2_000;
/** Nobody reads BullMQ's own event stream; it is kept short because it cannot be switched off. */
const KEPT_STREAM_EVENTS = 100;

export interface RunQueueOptions {
  /** That of the arrivals when absent. */
  name?: string;
  /** Trouble in the background, for a log: the call that suffers from it rejects anyway. */
  onError?: (error: Error) => void;
}

/** Starts to connect at once, and does not wait for it: a store that is away makes the calls fail, not this one. */
export function createRunQueue(connection: StoreConnection, options: RunQueueOptions = {}): RunQueue {
  return new BullmqRunQueue(connection, { name: ARRIVALS, onError: () => {}, ...options });
}

/** BullMQ wants custom ids without a colon. */
export function jobIdOf({ runId, attempt }: RunJob): string {
  return `${runId}.${attempt}`;
}

const ENTRY = {
  // Retrying is a new attempt with a new number, which is not BullMQ's to make.
  attempts: 1,
  removeOnComplete: true,
  removeOnFail: true,
};

type JobQueue = Queue<RunJob, void, string, RunJob, void, string, IQueueBackend>;

class BullmqRunQueue implements RunQueue {
  readonly #connection: StoreConnection;
  readonly #name: string;
  readonly #onError: (error: Error) => void;
  #opening: Promise<JobQueue> | undefined;
  #latest: JobQueue | undefined;
  #closed = false;

  constructor(connection: StoreConnection, { name, onError }: Required<RunQueueOptions>) {
    this.#connection = connection;
    this.#name = name;
    this.#onError = onError;
    this.#queue().catch(onError);
  }

  async enqueue({ runId, attempt }: RunJob): Promise<void> {
    await this.#ask((queue) => queue.add('run', { runId, attempt }, { ...ENTRY, jobId: jobIdOf({ runId, attempt }) }));
  }

  async counts(): Promise<{ waiting: number; active: number }> {
    const counts = await this.#ask((queue) => queue.getJobCounts('waiting', 'prioritized', 'active'));
    return { waiting: (counts.waiting ?? 0) + (counts.prioritized ?? 0), active: counts.active ?? 0 };
  }

  async ping(): Promise<void> {
    await this.#ask((queue) => queue.getVersion());
  }

  async close(): Promise<void> {
    this.#closed = true;
    await within(ANSWER_WITHIN_MS, this.#opening ?? Promise.resolve(undefined)).catch(() => undefined);
    // Also one that still waits for its store, which would go on trying to connect.
    if (this.#latest) await closeWithin(ANSWER_WITHIN_MS, this.#latest);
  }

  async #ask<T>(question: (queue: JobQueue) => Promise<T>): Promise<T> {
    try {
      return await within(ANSWER_WITHIN_MS, this.#queue().then(question));
    } catch (cause) {
      throw new ServiceError('queue_unavailable', undefined, { cause });
    }
  }

  #queue(): Promise<JobQueue> {
    if (this.#closed) return Promise.reject(new Error('the queue is closed'));
    this.#opening ??= this.#open().catch((error: unknown) => {
      // BullMQ remembers a failed start for ever, so the next call makes a new queue.
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<JobQueue> {
    await prepareStore(this.#connection);
    const { options, backend } = describeStore(this.#connection, 'failsFast');
    const queue: JobQueue = new Queue(this.#name, { ...options, streams: { events: { maxLen: KEPT_STREAM_EVENTS } } }, backend);
    this.#latest = queue;
    queue.on('error', this.#onError);
    try {
      await queue.waitUntilReady();
    } catch (error) {
      await closeWithin(ANSWER_WITHIN_MS, queue);
      throw error;
    }
    if (this.#closed) await closeWithin(ANSWER_WITHIN_MS, queue);
    return queue;
  }
}

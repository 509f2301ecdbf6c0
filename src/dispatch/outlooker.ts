// The thread that looks ahead, as its process sees it: started when it is first needed, ended when idle.
import { Worker } from 'node:worker_threads';
import { ServiceError } from '../errors.js';
import type { OutlookAnswer, OutlookQuestion } from './outlook.js';
import { packQuestion, unpackAnswer, type packAnswer } from './packed.js';

export interface Outlooker {
  /** @throws ServiceError outlook_unavailable where it takes too long */
  ask(question: OutlookQuestion): Promise<OutlookAnswer>;
  close(): Promise<void>;
}

const THREAD = new URL('./outlook-thread.js', import.meta.url);
const TIMEOUT_MS = 15_000;
const IDLE_MS = 60_000;
/** Each holds a state in memory. */
const MOST_WAITING = 16;

interface Pending {
  resolve(answer: OutlookAnswer): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

export function createOutlooker(): Outlooker {
  let worker: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;
  let next = 0;
  const pending = new Map<number, Pending>();

  /** The thread goes, and with it all that it was asked. */
  function drop(cause?: unknown): Promise<unknown> {
    const gone = worker;
    worker = null;
    clearTimeout(idle);
    for (const { reject, timer } of pending.values()) {
      clearTimeout(timer);
      reject(new ServiceError('outlook_unavailable', undefined, { cause }));
    }
    pending.clear();
    return gone?.terminate() ?? Promise.resolve();
  }

  function start(): Worker {
    const started = new Worker(THREAD);
    // Nobody stays up for what might be asked.
    started.unref();
    started.on('message', ({ id, answer, error }: { id: number; answer?: ReturnType<typeof packAnswer>; error?: string }) => {
      const asked = pending.get(id);
      if (asked === undefined) return;
      pending.delete(id);
      clearTimeout(asked.timer);
      if (answer !== undefined) asked.resolve(unpackAnswer(answer));
      else asked.reject(new Error(error));
      if (pending.size === 0) idle = setTimeout(() => void drop(), IDLE_MS).unref();
    });
    started.on('error', (error) => void drop(error));
    return started;
  }

  return {
    ask(question) {
      if (pending.size >= MOST_WAITING) return Promise.reject(new ServiceError('outlook_unavailable'));
      clearTimeout(idle);
      worker ??= start();
      const id = next++;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject, timer: setTimeout(() => void drop(new Error('it took too long')), TIMEOUT_MS) });
        worker?.postMessage({ id, question: packQuestion(question) });
      });
    },
    close: async () => void (await drop()),
  };
}

// The process that predicts, as the API sees it: started when it is first needed, given one request at a
// time, ended when idle, and replaced when it dies or hangs. TensorFlow is loaded there and never here.
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../errors.js';
import type { PredictorReply, PredictorRequest } from '../schemas/ipc.js';

const PREDICTOR_MODULE = fileURLToPath(new URL('../../workers/predictor.js', import.meta.url));

export type PredictorJob = Omit<PredictorRequest, 'id'>;

export interface PredictorLimits {
  /** Requests that wait while one is under way; each holds its input in memory. */
  waiting: number;
  /** A request that takes longer, waiting included, is given up, and the process with it. */
  timeoutMs: number;
  /** The process ends after so long without a request. */
  idleMs: number;
}

export interface PredictorOptions {
  log: { warn(details: object, message: string): void };
  limits?: Partial<PredictorLimits>;
  /** Path of the module to run; the predictor when absent. */
  module?: string;
}

export interface Predictor {
  /** @throws ServiceError predictor_unavailable (queue full, timeout, crash), shutting_down */
  predict(job: PredictorJob): Promise<PredictorReply>;
  /** The process id while there is one. */
  pid(): number | null;
  close(): Promise<void>;
}

interface Pending {
  job: PredictorJob;
  since: number;
  resolve(reply: PredictorReply): void;
  reject(error: ServiceError): void;
}

export function createPredictor({ log, limits: given = {}, module = PREDICTOR_MODULE }: PredictorOptions): Predictor {
  const limits: PredictorLimits = { waiting: 16, timeoutMs: 30_000, idleMs: 60_000, ...given };
  const waiting: Pending[] = [];
  let child: ChildProcess | null = null;
  let current: { id: number; pending: Pending; timer: NodeJS.Timeout } | null = null;
  let idle: NodeJS.Timeout | null = null;
  let lastId = 0;
  let closed = false;

  function start(): ChildProcess {
    const started = fork(module, [], { execArgv: [], serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    started.on('message', (message) => answered(message as PredictorReply));
    started.on('error', (error) => {
      // It could not be started, or not be reached: then no exit may follow.
      started.kill('SIGKILL');
      lost(started, { err: error });
    });
    started.once('exit', (code, signal) => lost(started, { code, signal }));
    return started;
  }

  function answered(reply: PredictorReply): void {
    if (current?.id !== reply.id) return;
    take()?.resolve(reply);
    next();
  }

  /** Ends the current request, whatever becomes of it. */
  function take(): Pending | null {
    if (current === null) return null;
    const { pending, timer } = current;
    clearTimeout(timer);
    current = null;
    return pending;
  }

  function lost(gone: ChildProcess, how: object): void {
    if (child !== gone) return;
    child = null;
    const pending = take();
    if (pending === null) return;
    // Not tried again: the next process would only die of it too.
    log.warn(how, 'the predictor died while predicting');
    pending.reject(new ServiceError('predictor_unavailable'));
    next();
  }

  function dismiss(signal: NodeJS.Signals): void {
    child?.kill(signal);
    child = null;
  }

  function next(): void {
    if (current !== null || closed) return;
    const pending = waiting.shift();
    if (pending === undefined) {
      idle ??= setTimeout(() => dismiss('SIGTERM'), limits.idleMs).unref();
      return;
    }
    if (idle !== null) clearTimeout(idle);
    idle = null;
    const left = pending.since + limits.timeoutMs - performance.now();
    if (left <= 0) {
      pending.reject(new ServiceError('predictor_unavailable'));
      return next();
    }
    lastId += 1;
    child ??= start();
    current = { id: lastId, pending, timer: setTimeout(giveUp, left) };
    // A failed sending is followed by the exit, which is where it is dealt with.
    child.send({ id: lastId, ...pending.job } satisfies PredictorRequest, () => undefined);
  }

  function giveUp(): void {
    log.warn({ timeoutMs: limits.timeoutMs }, 'a prediction took too long; its process is killed');
    dismiss('SIGKILL');
    take()?.reject(new ServiceError('predictor_unavailable'));
    next();
  }

  return {
    predict: (job) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new ServiceError('shutting_down'));
        if (current !== null && waiting.length >= limits.waiting) return reject(new ServiceError('predictor_unavailable'));
        waiting.push({ job, since: performance.now(), resolve, reject });
        next();
      }),

    pid: () => child?.pid ?? null,

    async close() {
      if (closed) return;
      closed = true;
      if (idle !== null) clearTimeout(idle);
      for (const pending of waiting.splice(0)) pending.reject(new ServiceError('shutting_down'));
      take()?.reject(new ServiceError('shutting_down'));
      const running = child;
      child = null;
      if (running === null || running.exitCode !== null || running.signalCode !== null) return;
      const gone = new Promise((done) => running.once('exit', done));
      running.kill('SIGKILL');
      await gone;
    },
  };
}

// The supervisor beside the API on one box: a child process, started again when it dies.
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Log } from '../log.js';

const SUPERVISOR_MODULE = fileURLToPath(new URL('../../workers/supervisor.js', import.meta.url));
/** The exit code of a supervisor whose box does not belong to the service. */
export const NOT_WELCOME = 3;
/** Tells a supervisor that it belongs to the service's own tree. */
export const OF_SERVICE = '--of-service';
const BACKOFF_MS = [200, 1_000, 5_000, 15_000] as const;
/** A supervisor that lived this long had started well. */
const HEALTHY_MS = 30_000;

export interface SupervisorProcess {
  /** Lets it hand back its runs, then kills it when `shutdownMs` is over. */
  stop(): Promise<void>;
}

export function startSupervisorProcess({ env, shutdownMs, log }: { env: NodeJS.ProcessEnv; shutdownMs: number; log: Log }): SupervisorProcess {
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | null = null;
  let failures = 0;
  let stopping = false;

  function start(): void {
    const startedAt = Date.now();
    // Its own process group: Ctrl-C reaches the API alone, which then stops things in order.
    const started = fork(SUPERVISOR_MODULE, [OF_SERVICE], { env, execArgv: [], detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child = started;
    // A fork that the system refuses emits `error` and no `exit`.
    started.once('error', (error) => {
      log.error({ err: error }, 'the supervisor could not be started');
      if (started.pid === undefined) started.emit('exit', null, null);
    });
    started.once('exit', (code, signal) => {
      child = null;
      if (stopping) return;
      if (code === NOT_WELCOME) {
        log.error('this box does not belong to the service: nothing is trained here, and its supervisor is not started again before the service is');
        return;
      }
      // One that was told to stop, by whomever, has not failed.
      failures = code === 0 || Date.now() - startedAt > HEALTHY_MS ? 0 : failures + 1;
      const waitMs = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 0;
      log.error({ code, signal }, `the supervisor ended; it is started again in ${waitMs} ms`);
      timer = setTimeout(start, waitMs);
    });
  }
  start();

  return {
    async stop() {
      stopping = true;
      if (timer !== null) clearTimeout(timer);
      const running = child;
      if (running === null || running.exitCode !== null) return;
      await new Promise<void>((resolve) => {
        const kill = setTimeout(() => running.kill('SIGKILL'), shutdownMs);
        running.once('exit', () => {
          clearTimeout(kill);
          resolve();
        });
        running.kill('SIGTERM');
      });
    },
  };
}

// Keeps the server up while the service runs: restarts a dead one on its port, regains the owner's lock after the
// server dropped all sessions, and stops it in order.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { EmbeddedPostgresError, messageOf } from './errors.js';
import { launchServer, type Launched, type LaunchOptions } from './launch.js';
import { claimServer, ServerEnded } from './owner.js';
import { stopPostmaster, type Postmaster } from './postmaster.js';

/** Milliseconds before each restart in a row. */
const BACKOFF_MS = [50, 200, 1000, 2000, 3000];
/** A server that was up for this long has earned the first delay again. */
const HEALTHY_MS = 60_000;

export interface SuperviseOptions {
  launch: LaunchOptions;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  onExit: (error: Error) => void;
}

export interface Supervised {
  how: Launched['how'];
  postmaster(): Postmaster;
  stop(): Promise<void>;
}

/** Launches the server and answers once it is ready and ours. @throws what `launchServer` throws. */
export async function supervise({ launch, log, onExit }: SuperviseOptions): Promise<Supervised> {
  let current = await launchServer(launch);
  const { how } = current;
  const port = current.postmaster.port;
  let phase: 'running' | 'stopping' | 'given up' = 'running';
  let restarting: Promise<void> = Promise.resolve();
  let restarts = 0;
  /** Another service took the server over while it had dropped our session: not ours to stop any more. */
  let isTheirs = false;
  let stopped: Promise<void> | undefined;

  const isRunning = (): boolean => phase === 'running';

  function giveUp(error: unknown): void {
    if (!isRunning()) return;
    phase = 'given up';
    isTheirs = error instanceof EmbeddedPostgresError && error.fault === 'in_use';
    if (isTheirs) current.postmaster.dismissWatchdog();
    log.error({ err: error }, 'the embedded PostgreSQL is lost');
    onExit(error instanceof Error ? error : new Error(messageOf(error)));
  }

  function watch({ postmaster, owner }: Launched): void {
    const upSince = performance.now();
    void postmaster.exited.then((ending) => {
      if (!isRunning()) return;
      if (performance.now() - upSince > HEALTHY_MS) restarts = 0;
      log.error({ serverPid: postmaster.pid, ending }, 'the embedded PostgreSQL has died');
      restarting = restart().catch(giveUp);
    });
    watchOwner(postmaster, owner);
  }

  /** A crash of one backend makes the server drop all sessions, ours too, and go on. */
  function watchOwner(postmaster: Postmaster, owner: Launched['owner']): void {
    owner.once('end', () => {
      if (!isRunning() || postmaster.hasExited()) return;
      const { cluster, timeoutMs } = launch;
      claimServer({ postmaster, password: cluster.password, clusterDir: cluster.dir, timeoutMs, isRegaining: true })
        .then((regained) => {
          current = { ...current, owner: regained };
          watchOwner(postmaster, regained);
        })
        .catch((error: unknown) => {
          // Its end is the restart's business.
          if (!(error instanceof ServerEnded) && !postmaster.hasExited()) giveUp(error);
        });
    });
  }

  async function restart(): Promise<void> {
    for (;;) {
      const delayMs = BACKOFF_MS[restarts];
      if (delayMs === undefined) throw new Error(`the embedded PostgreSQL died, and ${restarts} restarts have failed`);
      restarts += 1;
      await sleep(delayMs);
      if (!isRunning()) return;
      try {
        current = await launchServer({ ...launch, port });
      } catch (error) {
        log.error({ err: error, restarts }, 'restarting the embedded PostgreSQL failed');
        continue;
      }
      if (current.postmaster.port !== port) {
        throw new Error(`the embedded PostgreSQL runs on port ${current.postmaster.port} now, started by another service`);
      }
      log.warn({ serverPid: current.postmaster.pid, port, restarts }, 'embedded PostgreSQL restarted');
      if (isRunning()) watch(current);
      return;
    }
  }

  async function stop(): Promise<void> {
    phase = 'stopping';
    await restarting;
    if (isTheirs) return;
    // The owner's lock is held to the end, so that no starter adopts a server that is leaving.
    const ending = await stopPostmaster(current.postmaster, { fastMs: 10_000, immediateMs: 4000 });
    // Nothing to wait for: the session went with the server, and its socket keeps no process alive.
    void current.owner.end().catch(() => undefined);
    if (ending === 'fast') log.info({ port }, 'embedded PostgreSQL stopped');
    else log.warn({ port, ending }, 'embedded PostgreSQL did not stop in time and was ended');
  }

  watch(current);
  return { how, postmaster: () => current.postmaster, stop: () => (stopped ??= stop()) };
}

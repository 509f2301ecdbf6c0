// The server's process: starting it, recognising one that an earlier life of ours left, watching and stopping it.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.js';
import { dataArgument, type Cluster } from './cluster.js';
import { codeOf } from './errors.js';
import { isPostmasterOf } from './processes.js';
import { startWatchdog } from './watchdog.js';

export interface Postmaster {
  pid: number;
  port: number;
  /** Settles when the process has ended, with how: "exit code 1", "SIGKILL". Never rejects. */
  exited: Promise<string>;
  hasExited(): boolean;
  signal(name: NodeJS.Signals): void;
  /** Takes the watchdog away; the server then lives on when we die. */
  dismissWatchdog(): void;
}

export interface SpawnPostmasterOptions {
  cluster: Cluster;
  binaries: Binaries;
  port: number;
  /** Names and values as in postgresql.conf. */
  settings: Readonly<Record<string, string>>;
  logFile: string;
}

/** The log is moved aside when it is larger than this at a start; one old log is kept. */
const MAX_LOG_BYTES = 4 * 1024 * 1024;

/**
 * Starts the server; whether it gets ready, connecting tells. It runs in a session of its own, so Ctrl-C in our
 * terminal does not reach it, and it does not keep our event loop alive. Its words go to a file, not to a pipe,
 * because it can outlive us.
 */
export function spawnPostmaster({ cluster, binaries, port, settings, logFile }: SpawnPostmasterOptions): Postmaster {
  const flags = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  rotate(logFile);
  const log = openSync(logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(binaries.postgres, ['-D', dataArgument(cluster.dir, cluster.account), ...flags], {
      ...cluster.account,
      cwd: cluster.dir,
      env: { PATH: '/usr/bin:/bin', TZ: 'UTC' },
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
  child.unref();
  let ended = false;
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  }).then((how) => {
    ended = true;
    return how;
  });
  return watched({ cluster, pid: child.pid ?? 0, port, exited, hasExited: () => ended, signal: (name) => void child.kill(name) });
}

/** Takes over a server that runs already. It is not our child, so its end is found by looking, every 200 ms. */
export function adoptPostmaster({ cluster, pid, port }: { cluster: Cluster; pid: number; port: number }): Postmaster {
  let settle: (how: string) => void = () => undefined;
  const exited = new Promise<string>((resolve) => (settle = resolve));
  const hasExited = (): boolean => {
    const isGone = !isPostmasterOf(pid, cluster.dir);
    // Whoever finds it gone may wait for `exited` next, and the timer alone keeps no process alive.
    if (isGone) settle('its process is gone');
    return isGone;
  };
  const look = setInterval(hasExited, 200).unref();
  void exited.then(() => clearInterval(look));
  const signal = (name: NodeJS.Signals): void => {
    if (!hasExited()) process.kill(pid, name);
  };
  return watched({ cluster, pid, port, exited, hasExited, signal });
}

function watched({ cluster, ...postmaster }: Omit<Postmaster, 'dismissWatchdog'> & { cluster: Cluster }): Postmaster {
  if (postmaster.pid === 0) return { ...postmaster, dismissWatchdog: () => undefined };
  const dismissWatchdog = startWatchdog({ cluster, pid: postmaster.pid });
  void postmaster.exited.then(dismissWatchdog);
  return { ...postmaster, dismissWatchdog };
}

/** What the server noted in its lock file, or null when there is none. `port` is the TCP port on loopback. */
export function readPidFile(clusterDir: string): { pid: number; port: number } | null {
  let lines: string[];
  try {
    lines = readFileSync(join(clusterDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  const pid = Math.abs(Number(lines[0]));
  const port = Number(lines[3]);
  return Number.isInteger(pid) && pid > 0 ? { pid, port: Number.isInteger(port) ? port : 0 } : null;
}

export interface StopOptions {
  /** Milliseconds for the fast shutdown: sessions are ended, a checkpoint is written. */
  fastMs: number;
  /** Milliseconds for the immediate one after it; then the process is killed. */
  immediateMs: number;
}

/** Stops the server for certain. Data is safe in each case; after an immediate shutdown the next start replays the log. */
export async function stopPostmaster(postmaster: Postmaster, { fastMs, immediateMs }: StopOptions): Promise<'fast' | 'immediate' | 'killed'> {
  if (await signalAndWait(postmaster, { name: 'SIGINT', ms: fastMs })) return 'fast';
  if (await signalAndWait(postmaster, { name: 'SIGQUIT', ms: immediateMs })) return 'immediate';
  postmaster.signal('SIGKILL');
  await postmaster.exited;
  return 'killed';
}

async function signalAndWait(postmaster: Postmaster, { name, ms }: { name: NodeJS.Signals; ms: number }): Promise<boolean> {
  if (postmaster.hasExited()) return true;
  postmaster.signal(name);
  // The timer also keeps our event loop alive, which the server alone does not.
  const patience = new AbortController();
  const late = sleep(ms, 'late' as const, { signal: patience.signal }).catch(() => 'late' as const);
  const first = await Promise.race([postmaster.exited, late]);
  patience.abort();
  return first !== 'late' || postmaster.hasExited();
}

function rotate(logFile: string): void {
  try {
    if (statSync(logFile).size > MAX_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

// One attempt after the other until a server of the cluster is up and ours: adopted, started, or refused with a reason.
import { readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Binaries } from './binaries.js';
import type { Cluster } from './cluster.js';
import { EmbeddedPostgresError, explainOutput } from './errors.js';
import { claimServer, ServerEnded } from './owner.js';
import { adoptPostmaster, readPidFile, spawnPostmaster, stopPostmaster, type Postmaster } from './postmaster.js';
import { isAlive, isPostmasterOf } from './processes.js';

export interface LaunchOptions {
  cluster: Cluster;
  binaries: Binaries;
  settings: Readonly<Record<string, string>>;
  logFile: string;
  /** A restart keeps its port, because the URL is in use; undefined lets the system choose. */
  port?: number;
  timeoutMs: number;
}

export interface Launched {
  postmaster: Postmaster;
  /** Holds the owner's lock for as long as it is connected. */
  owner: pg.Client;
  how: 'started' | 'adopted';
}

/** @throws EmbeddedPostgresError in_use, disk_full, not_permitted, start_failed. */
export async function launchServer(options: LaunchOptions): Promise<Launched> {
  const { cluster, timeoutMs } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const left = Math.max(deadline - performance.now(), 1000);
    try {
      const running = await findRunning(cluster.dir);
      return running === null ? await start(options, left) : await adopt(options, { ...running, timeoutMs: left });
    } catch (error) {
      // The server that we found was on its way out, or another starter was quicker, or old backends still hold the
      // shared memory after a kill -9 of their server, or somebody took the port: each ends by itself.
      if (!(error instanceof ServerEnded) || performance.now() > deadline) throw error;
    }
    await sleep(50);
  }
}

/** Also removes a lock file that names a living stranger: PostgreSQL itself would refuse to start over it. */
async function findRunning(clusterDir: string): Promise<{ pid: number; port: number } | null> {
  const noted = readPidFile(clusterDir);
  if (noted === null) return null;
  if (isPostmasterOf(noted.pid, clusterDir)) return noted;
  if (isAlive(noted.pid)) await rm(join(clusterDir, 'postmaster.pid'), { force: true });
  return null;
}

async function adopt(
  { cluster }: LaunchOptions,
  { pid, port, timeoutMs }: { pid: number; port: number; timeoutMs: number },
): Promise<Launched> {
  const postmaster = adoptPostmaster({ cluster, pid, port });
  try {
    const owner = await claimServer({ postmaster, password: cluster.password, clusterDir: cluster.dir, timeoutMs });
    return { postmaster, owner, how: 'adopted' };
  } catch (error) {
    // It is another service's server: our watchdog has no business there.
    postmaster.dismissWatchdog();
    throw error;
  }
}

async function start(options: LaunchOptions, timeoutMs: number): Promise<Launched> {
  const { cluster, logFile } = options;
  const port = options.port ?? (await freePort());
  const logStart = sizeOf(logFile);
  const postmaster = spawnPostmaster({ ...options, port });
  try {
    const owner = await claimServer({ postmaster, password: cluster.password, clusterDir: cluster.dir, timeoutMs });
    return { postmaster, owner, how: 'started' };
  } catch (error) {
    postmaster.dismissWatchdog();
    if (error instanceof ServerEnded) {
      const words = readFrom(logFile, logStart);
      if (/address already in use|lock file ".*" already exists|still in use/i.test(words)) throw error;
      throw explainOutput(words, `the embedded PostgreSQL did not start (${error.message}); from ${logFile}:`);
    }
    // Another starter adopted the server that we started: it is theirs now. Otherwise nobody would stop it.
    const isTheirs = error instanceof EmbeddedPostgresError && error.fault === 'in_use';
    if (!isTheirs) await stopPostmaster(postmaster, { fastMs: 5000, immediateMs: 2000 });
    throw error;
  }
}

/** A port that is free now. Somebody may take it before the server does; then the start is tried again. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no port on loopback');
  return address.port;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** What was written since; the whole file when it was rotated meanwhile. At most 4 KB, from the end. */
function readFrom(path: string, start: number): string {
  const bytes = readFileSync(path);
  return bytes
    .subarray(start <= bytes.length ? start : 0)
    .subarray(-4096)
    .toString('utf8');
}

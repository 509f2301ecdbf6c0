// What the tests of the embedded database share: directories, services as child processes, one query.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { pino } from 'pino';
import type { Test } from 'tap';
import { startEmbeddedPostgres } from '../../../src/embedded/postgres.js';
import { readPidFile } from '../../../src/embedded/postmaster.js';
import { isPostmasterOf } from '../../../src/embedded/processes.js';
import { until } from '../../helpers/poll.js';

export const log = pino({ level: 'silent' });

/** A data directory with a space in its path; when the test ends, so do its server and its files. */
export async function dataDirectory(t: Test, parent = tmpdir()): Promise<string> {
  const root = await mkdtemp(join(parent, 'embedded test '));
  const dataDir = join(root, 'data');
  t.teardown(async () => {
    const running = runningServer(dataDir);
    if (running !== null) {
      process.kill(running, 'SIGQUIT');
      await until(() => runningServer(dataDir) === null, { what: 'a left server to end' });
    }
    await rm(root, { recursive: true, force: true });
  });
  return dataDir;
}

let pristine: Promise<string> | undefined;

/** The same with a cluster in it, which no server has: a copy is quicker than making one (a second of computing). */
export async function usedDataDirectory(t: Test): Promise<string> {
  const dataDir = await dataDirectory(t);
  execFileSync('cp', ['-a', await (pristine ??= makePristine()), dataDir]);
  return dataDir;
}

async function makePristine(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'embedded test '));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ dataDir: root, log });
  await server.stop();
  return root;
}

export function clusterOf(dataDir: string): string {
  return join(dataDir, 'postgres', 'cluster');
}

/** The number of the live server of a data directory, or null. */
export function runningServer(dataDir: string): number | null {
  if (!existsSync(clusterOf(dataDir))) return null;
  const noted = readPidFile(clusterOf(dataDir));
  return noted !== null && isPostmasterOf(noted.pid, clusterOf(dataDir)) ? noted.pid : null;
}

export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

export interface Service {
  child: ChildProcess;
  /** What it said first. */
  said: { url: string; port: number; pid: number; isAdopted: boolean; fault?: string; message?: string };
  ended: Promise<number | null>;
}

/** Starts service.ts in a process group of its own and waits for its first line. Killed when the test ends. */
export async function startService(t: Test, dataDir: string, then: 'stay' | 'exit' | 'throw' | 'end' | 'stop'): Promise<Service> {
  const program = fileURLToPath(new URL('service.js', import.meta.url));
  const child = spawn(process.execPath, [program, dataDir, then], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve).once('close', () => reject(new Error('the service said nothing')));
  });
  return { child, said: JSON.parse(line) as Service['said'], ended };
}

// One service per data directory. The owner of the server is whoever holds a lock inside it, on a connection that
// stays open: the server gives the lock back the moment its holder dies, so there is no stale lock to judge.
// The same connection tells when the server is ready, and when it has gone.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ROLE } from './cluster.js';
import { codeOf, EmbeddedPostgresError, messageOf } from './errors.js';
import type { Postmaster } from './postmaster.js';
import { isAlive } from './processes.js';

/** Any number that nothing else uses in the `postgres` database. */
const OWNER_LOCK = 7_104_201_906;
const APPLICATION = 'trainyard owner';

/** A stranger may have got our port, and answers "wrong password", until our own server finds that out and ends. */
const STRANGER_MS = 2000;

/** The server ended before it took our connection; its log says why. */
export class ServerEnded extends Error {}

export interface ClaimOptions {
  postmaster: Postmaster;
  password: string;
  /** For messages. */
  clusterDir: string;
  timeoutMs: number;
  /** We held the lock a moment ago: a session of ours that still holds it is one that the server has not cleared away. */
  isRegaining?: boolean;
}

/**
 * Connects as soon as the server answers, and takes the owner's lock; retries while backends of a dead owner leave.
 * The connection is the caller's to end; it does not keep the event loop alive.
 * @throws ServerEnded; EmbeddedPostgresError in_use when a living service holds the lock, start_failed after `timeoutMs`.
 */
export async function claimServer({ postmaster, password, clusterDir, timeoutMs, isRegaining = false }: ClaimOptions): Promise<pg.Client> {
  const start = performance.now();
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 1.5, 100)) {
    if (postmaster.hasExited()) throw new ServerEnded(await postmaster.exited);
    let trouble: string;
    const client = new pg.Client({ ...address(postmaster, password), connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const holder = await takeLock(client);
      if (holder === null) {
        await ensureDatabase(client);
        letGo(client);
        return client;
      }
      const isOurOld = isRegaining && holder.pid === process.pid;
      if (holder.isAlive && !isOurOld) throw inUse({ clusterDir, postmaster, holderPid: holder.pid });
      trouble = `a dead session of the service with pid ${holder.pid} has not been cleared away yet`;
    } catch (error) {
      const isPatient = isPassing(error) || performance.now() < start + STRANGER_MS;
      if (error instanceof EmbeddedPostgresError || !isPatient) {
        await client.end().catch(() => undefined);
        throw error;
      }
      trouble = messageOf(error);
    }
    await client.end().catch(() => undefined);
    if (performance.now() > start + timeoutMs) {
      throw new EmbeddedPostgresError(
        'start_failed',
        `the embedded PostgreSQL (pid ${postmaster.pid}, port ${postmaster.port}) is not ready after ${Math.round(timeoutMs / 1000)} s: ${trouble}`,
      );
    }
    await Promise.race([sleep(waitMs), postmaster.exited]);
  }
}

/** The connection alone keeps no process alive. Missing from @types/pg. */
function letGo(client: pg.Client): void {
  (client as pg.Client & { unref(): void }).unref();
}

function address({ port }: Postmaster, password: string): pg.ClientConfig {
  return { host: '127.0.0.1', port, user: ROLE, password, database: 'postgres', application_name: `${APPLICATION} ${process.pid}` };
}

/** Null when the lock is ours now, or else its holder. */
async function takeLock(client: pg.Client): Promise<{ pid: number; isAlive: boolean } | null> {
  const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [OWNER_LOCK]);
  if (rows[0]?.taken === true) return null;
  const found = await client.query<{ name: string }>(
    `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.granted and (l.classid::bigint << 32 | l.objid::bigint) = $1`,
    [OWNER_LOCK],
  );
  const pid = Number(found.rows[0]?.name.slice(APPLICATION.length) ?? 0);
  return { pid, isAlive: isAlive(pid) };
}

/** The application's database; CREATE DATABASE knows no IF NOT EXISTS. Under the lock, so nobody else is at it. */
async function ensureDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [ROLE]);
  if (rowCount === 0) await client.query(`create database ${ROLE}`);
}

/** Not listening yet, starting up, shutting down, every connection taken: these pass. A wrong password does not. */
function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  if (['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', '57P01', '57P02', '57P03', '53300'].includes(code)) return true;
  return code === '' && /terminated|timeout|ended/i.test(messageOf(error));
}

function inUse({ clusterDir, postmaster, holderPid }: { clusterDir: string; postmaster: Postmaster; holderPid: number }): EmbeddedPostgresError {
  const who = holderPid === process.pid ? 'this very process' : `another service (pid ${holderPid})`;
  return new EmbeddedPostgresError(
    'in_use',
    `${who} uses the data directory already: its database is ${clusterDir}, PostgreSQL pid ${postmaster.pid} on 127.0.0.1:${postmaster.port}. ` +
      'Stop that service, or give this one a data directory of its own (TRAINYARD_DATA_DIR)',
  );
}

// Applies prisma/migrations at start, so that a service needs no command-line tool and no engine download. It keeps
// the same books as `prisma migrate deploy`: the same lock, table and checksums, so either may follow the other.
// https://www.prisma.io/docs/orm/prisma-migrate/understanding-prisma-migrate/migration-histories
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Logger } from 'pino';
import { migrationsDir } from '../paths.js';
import { checkHistory, MigrationError, type AppliedMigration } from './migration-history.js';
import { readMigrations, type Migration } from './migration-files.js';

export { MigrationError } from './migration-history.js';

/** Where to connect; or an open pool, of which one client is borrowed. */
export type MigrateTarget = { url: string; pool?: undefined } | { pool: pg.Pool; url?: undefined };

export type MigrateOptions = MigrateTarget & {
  /** Holds `<stamp>_<what>/migration.sql`. Default: the package's own. */
  dir?: string;
  log: Pick<Logger, 'info'>;
  /** Milliseconds to wait for another starter's migrations. Default 60,000. */
  lockTimeoutMs?: number;
};

export interface MigrateResult {
  /** Names of the migrations that this call applied, in order. */
  applied: string[];
}

/** The lock that Prisma's own tool takes. */
const LOCK = 72707369;

/** As Prisma creates it. */
const HISTORY_TABLE = `
create table if not exists _prisma_migrations (
  id varchar(36) primary key not null,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`;

/**
 * Brings the schema up to the code. Starters that come together wait for each other, and all but the first find
 * nothing to do. Each migration is one transaction with its own entry in the history: it happened, or it did not.
 * @throws MigrationError when the history and the files contradict each other, or a migration fails, or the wait is too long.
 */
export async function migrate({ dir = migrationsDir, log, lockTimeoutMs = 60_000, ...target }: MigrateOptions): Promise<MigrateResult> {
  const migrations = await readMigrations(dir);
  return await withClient(target, (client) =>
    withLock(client, lockTimeoutMs, async () => {
      const pending = checkHistory(migrations, await readHistory(client));
      if (pending.length > 0) await client.query(HISTORY_TABLE);
      for (const migration of pending) {
        await apply(client, migration);
        log.info({ migration: migration.name }, 'database migration applied');
      }
      return { applied: pending.map(({ name }) => name) };
    }),
  );
}

async function withClient<T>(target: MigrateTarget, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
  if (target.pool !== undefined) {
    const client = await target.pool.connect();
    let fault: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      // A client in doubt (half a transaction, a lock) is not given back to others.
      fault = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.release(fault);
    }
  }
  const client = new pg.Client({ connectionString: target.url, application_name: 'trainyard migrations' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function withLock<T>(client: pg.ClientBase, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const { rows } = await client.query<{ lock_timeout: string }>('show lock_timeout');
  const setTimeoutOfLocks = (value: string): Promise<unknown> => client.query("select set_config('lock_timeout', $1, false)", [value]);
  await setTimeoutOfLocks(`${Math.max(1, Math.round(timeoutMs))}ms`);
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== '55P03') throw error;
    throw new MigrationError(`another process has held the migration lock for ${timeoutMs} ms: it is migrating, or it hangs`, error);
  }
  await setTimeoutOfLocks(rows[0]?.lock_timeout ?? '0');
  try {
    return await work();
  } finally {
    // Where the connection is lost, so is the lock; the error that matters is the first one.
    await client.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
  }
}

async function readHistory(client: pg.ClientBase): Promise<AppliedMigration[]> {
  const { rows: found } = await client.query<{ exists: boolean }>("select to_regclass('_prisma_migrations') is not null as exists");
  if (found[0]?.exists !== true) return [];
  const { rows } = await client.query<AppliedMigration>(
    `select migration_name as name, checksum, finished_at is not null as "isFinished", logs
       from _prisma_migrations where rolled_back_at is null order by started_at, migration_name`,
  );
  return rows;
}

async function apply(client: pg.ClientBase, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('begin');
  try {
    const { rows } = await client.query<{ at: Date }>('select clock_timestamp() as at');
    await client.query(sql);
    await client.query(
      `insert into _prisma_migrations (id, checksum, finished_at, migration_name, logs, rolled_back_at, started_at, applied_steps_count)
       values ($1, $2, clock_timestamp(), $3, null, null, $4, 1)`,
      [randomUUID(), checksum, name, rows[0]?.at],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw new MigrationError(`migration ${name} failed, and nothing of it was kept: ${describeFault(error, sql)}`, error);
  }
}

/** PostgreSQL says at which character of the script it stumbled; people count lines. */
function describeFault(error: unknown, sql: string): string {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error ? error.message : String(error);
  const line = error.position === undefined ? '' : ` (line ${sql.slice(0, Number(error.position)).split('\n').length})`;
  return `${error.message}${line}${error.detail === undefined ? '' : `; ${error.detail}`}`;
}

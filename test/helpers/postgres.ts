// A database of its own for a test, with our migrations in it. All test programs of a run share one embedded
// server, which a keeper process (postgres-keeper.ts) starts at the first request and ends after the run.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { until } from './poll.js';
import { currentRun, TEMPLATE, type TestRun } from './postgres-run.js';

/** What is needed of tap's `t`: whatever is registered runs when the test has ended. */
export interface TestScope {
  teardown(work: () => Promise<void> | void): void;
}

export interface TestDatabase {
  /** `postgresql://…`, for pg, Prisma and BullMQ alike. */
  url: string;
}

let server: Promise<string> | undefined;
let count = 0;

/** Clones the migrated template (about 30 ms; the run's first call starts the server). Dropped with its sessions when `t` ends. */
export async function testDatabase(t: TestScope): Promise<TestDatabase> {
  return await cloneOf(TEMPLATE, t);
}

/** The same without our migrations: no tables at all. */
export async function emptyDatabase(t: TestScope): Promise<TestDatabase> {
  return await cloneOf('template0', t);
}

async function cloneOf(template: string, t: TestScope): Promise<TestDatabase> {
  const adminUrl = await (server ??= sharedServer());
  count += 1;
  const name = `test_${process.pid}_${count}`;
  await asAdmin(adminUrl, (admin) => admin.query(`create database ${name} template ${template}`));
  t.teardown(() => asAdmin(adminUrl, (admin) => drop(admin, name)));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return { url: url.href };
}

/** A pool that was closed a moment ago may still have sessions on their way out; ending those by force is an error event there. */
async function drop(admin: pg.Client, name: string): Promise<void> {
  const areGone = async (): Promise<boolean> =>
    (await admin.query('select 1 from pg_stat_activity where datname = $1', [name])).rowCount === 0;
  await until(areGone, { what: `the sessions of ${name} to end`, deadlineMs: 2000 }).catch(() => undefined);
  await admin.query(`drop database if exists ${name} with (force)`);
}

async function asAdmin(url: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

async function sharedServer(): Promise<string> {
  const run = currentRun();
  if (takeFirst(run)) startKeeper(run);
  const ready = join(run.dir, 'ready.json');
  const failed = join(run.dir, 'failed.txt');
  await until(() => existsSync(ready) || existsSync(failed), {
    what: `the tests' PostgreSQL server (see ${join(run.dir, 'keeper.log')})`,
    deadlineMs: 60_000,
  });
  if (existsSync(failed)) throw new Error(`the tests' PostgreSQL server did not start: ${readFileSync(failed, 'utf8')}`);
  const answer = JSON.parse(readFileSync(ready, 'utf8')) as { url: string };
  return answer.url;
}

/** Making a directory succeeds for one process only: that one starts the server. */
function takeFirst({ dir }: TestRun): boolean {
  try {
    mkdirSync(dir, { mode: 0o700 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function startKeeper(run: TestRun): void {
  const program = fileURLToPath(new URL('postgres-keeper.js', import.meta.url));
  // Without tap's hooks, which would count it as a test; in a session of its own, so that Ctrl-C lets it clean up.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(_TAPJS|TAP_|NODE_OPTIONS$)/.test(name)));
  const log = openSync(join(run.dir, 'keeper.log'), 'a');
  spawn(process.execPath, [program, basename(run.dir)], { env, cwd: '/', detached: true, stdio: ['ignore', log, log] }).unref();
  closeSync(log);
}

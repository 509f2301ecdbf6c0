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
  await asAdmin(adminUrl, `create database ${name} template ${template}`);
  t.teardown(() => asAdmin(adminUrl, `drop database if exists ${name} with (force)`));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return { url: url.href };
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
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

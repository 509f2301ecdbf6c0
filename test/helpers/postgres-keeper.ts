// A program of its own, started by the first test that needs a database: keeps the run's PostgreSQL server until
// the runner is gone (finished, crashed or killed) or asks for the end, then removes every trace of it.
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { pino } from 'pino';
import { migrate } from '../../src/db/migrate.js';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.js';
import { isRunAlive, parseRunDir, TEMPLATE, type TestRun } from './postgres-run.js';

/** Test data is thrown away, so durability is only cost. Several test programs share the connections. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '120' };

const log = pino();
let isAsked = false;

async function keep(run: TestRun): Promise<void> {
  writeFileSync(join(run.dir, 'keeper.pid'), String(process.pid));
  const server = await startEmbeddedPostgres({ dataDir: run.dir, log, settings: SETTINGS });
  try {
    await makeTemplate(server.url);
    publish(run, 'ready.json', JSON.stringify({ url: server.url }));
    removeAbandonedRuns();
    await endOf(run);
  } finally {
    await server.stop();
  }
}

async function endOf(run: TestRun): Promise<void> {
  while (!isAsked && isRunAlive(run)) await sleep(200);
}

async function makeTemplate(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await admin.query(`create database ${TEMPLATE}`);
    const template = new URL(url);
    template.pathname = `/${TEMPLATE}`;
    await migrate({ url: template.href, log });
    // A database with sessions cannot be cloned: nobody may enter any more.
    await admin.query(`alter database ${TEMPLATE} with allow_connections false is_template true`);
  } finally {
    await admin.end();
  }
}

/** Whole or not at all: the tests look for the file. */
function publish(run: TestRun, name: string, text: string): void {
  const path = join(run.dir, name);
  writeFileSync(`${path}.part`, text, { mode: 0o600 });
  renameSync(`${path}.part`, path);
}

/** Directories of runs whose keeper was killed too; their servers were ended by their own watchdogs. */
function removeAbandonedRuns(): void {
  for (const name of readdirSync(tmpdir())) {
    const other = parseRunDir(name);
    if (other === null || isRunAlive(other)) continue;
    try {
      rmSync(other.dir, { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}

for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => (isAsked = true));
const run = parseRunDir(process.argv[2] ?? '');
if (run === null) throw new Error('usage: postgres-keeper <name of the run directory>');
try {
  await keep(run);
} catch (error) {
  log.error(error);
  publish(run, 'failed.txt', error instanceof Error ? error.message : String(error));
  await endOf(run);
} finally {
  rmSync(run.dir, { recursive: true, force: true });
}

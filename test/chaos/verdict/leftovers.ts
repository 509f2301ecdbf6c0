// What must not be left when all runs of a round have ended: leases, jobs, trainers, files that nothing refers to, and
// references to files that are not there.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { createRunQueue } from '../../../src/queue/bullmq-queue.js';
import { until } from '../../helpers/poll.js';
import { isFiller } from '../actors/disk.js';
import type { Stage } from '../stage.js';

/** What is being tidied up at this moment is given so long. */
const SETTLE_MS = 5_000;
/** The jobs of a killed worker are found by BullMQ after two to three times its locks' five seconds. */
const STALLED_JOBS_MS = 25_000;

export async function findLeftovers(stage: Stage): Promise<string[]> {
  return settled(async () => [...(await inDatabase(stage)), ...inScratch(stage), ...trainers(stage)], SETTLE_MS);
}

export async function findJobs(stage: Stage): Promise<string[]> {
  const queue = createRunQueue(stage.queue());
  try {
    return await settled(async () => {
      const { waiting, active } = await queue.counts();
      return waiting + active === 0 ? [] : [`the queue has ${waiting} waiting and ${active} active jobs`];
    }, STALLED_JOBS_MS);
  } finally {
    await queue.close();
  }
}

/** What `find` answers, at the latest after `ms`, or at once when that is nothing. */
async function settled(find: () => Promise<string[]>, ms: number): Promise<string[]> {
  let last: string[] = [];
  await until(async () => {
    last = await find();
    return last.length === 0;
  }, { what: 'nothing to be left', deadlineMs: ms, everyMs: 100 }).catch((error: unknown) => {
    if (last.length === 0) last = [`it could not be looked for leftovers: ${String((error as Error).cause ?? error)}`];
  });
  return last;
}

async function inDatabase(stage: Stage): Promise<string[]> {
  const client = new pg.Client({ connectionString: stage.database.url(), connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows: held } = await client.query<{ id: string; state: string }>('select id, state from runs where lease_owner is not null or lease_expires_at is not null');
    const { rows: files } = await client.query<{ sha256: string }>('select distinct sha256 from artifacts');
    return [...held.map(({ id, state }) => `run ${id} is ${state} and has a lease`), ...inStore(stage, new Set(files.map(({ sha256 }) => sha256)))];
  } finally {
    await client.end();
  }
}

function inStore({ dataDir }: Stage, indexed: ReadonlySet<string>): string[] {
  const store = join(dataDir, 'artifacts');
  // `owner` names the database that the index is in.
  const found = filesBelow(store).filter((path) => !isFiller(path) && path !== 'owner');
  const orphans = found.filter((path) => !indexed.has(path.slice(3)) || path.slice(0, 2) !== path.slice(3, 5));
  const missing = [...indexed].filter((hash) => !found.includes(`${hash.slice(0, 2)}/${hash}`));
  return [...orphans.map((path) => `the store has ${path}, to which nothing refers`), ...missing.map((hash) => `the store lacks ${hash}, to which a run refers`)];
}

/** Supervisors that live have a folder each, with nothing in it. */
function inScratch({ dataDir, processes }: Stage): string[] {
  const living = processes('supervisor').map(({ pid }) => pid);
  return entriesOf(join(dataDir, 'scratch')).filter((name) => !isFiller(name)).flatMap((folder) => {
    const pid = Number(folder.slice(folder.lastIndexOf('.') + 1));
    if (!living.includes(pid)) return [`the scratch folder ${folder} has outlived its supervisor`];
    return entriesOf(join(dataDir, 'scratch', folder)).map((name) => `the scratch folder has ${folder}/${name}`);
  });
}

function trainers({ processes }: Stage): string[] {
  return processes('trainer').map(({ pid }) => `trainer ${pid} is still there`);
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not made yet
  }
}

/** Relative paths. */
function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch {
    return [];
  }
}

// The database as something to be hurt: one that the harness starts itself, or the one inside the service's own tree.
import { readFileSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { serverAccount } from '../../../src/embedded/account.js';
import { findBinaries } from '../../../src/embedded/binaries.js';
import { clusterDirOf, openCluster, ROLE, type Cluster } from '../../../src/embedded/cluster.js';
import { readPidFile, spawnPostmaster, stopPostmaster, type Postmaster } from '../../../src/embedded/postmaster.js';
import { DEFAULT_SETTINGS } from '../../../src/embedded/settings.js';
import type { TestScope } from '../../helpers/postgres.js';
import { until } from '../../helpers/poll.js';
import { freePort } from '../../helpers/tcp.js';
import { signal } from './processes.js';

export interface DatabaseActor {
  /** Past every proxy. */
  url(): string;
  port(): number;
  /** `kill -9` of the server; it is back soon. */
  kill(): Promise<boolean>;
  /** Does not answer for so long. */
  away(ms: number): Promise<boolean>;
  /** After everything was killed. */
  start(): Promise<void>;
}

/** A power cut is not what is tried here: what the server wrote stays, as the kernel has it. */
const SETTINGS = { ...DEFAULT_SETTINGS, fsync: 'off', full_page_writes: 'off', max_connections: '100' };

const urlOf = ({ password }: Pick<Cluster, 'password'>, port: number) => `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${ROLE}`;

/** A server of our own, which stays away for as long as we like. */
export async function ownDatabase(scope: TestScope, folder: string): Promise<DatabaseActor> {
  const home = join(folder, 'postgres');
  await mkdir(home, { recursive: true });
  await chmod(home, 0o755);
  const account = await serverAccount(clusterDirOf(home));
  const binaries = await findBinaries({ account, copyParents: [home] });
  const cluster = await openCluster({ home, binaries, account });
  const port = await freePort();
  const logFile = join(home, 'server.log');
  let server: Postmaster | null = null;
  let starting: Promise<void> | null = null;

  /** Tried again while what a killed server left behind is in the way. */
  const bringUp = () => until(async () => {
    if (server === null || server.hasExited()) server = spawnPostmaster({ cluster, binaries, port, settings: SETTINGS, logFile });
    return answers(urlOf(cluster, port).replace(/\/\w+$/, '/postgres'));
  }, { what: `the database to answer (see ${logFile})`, deadlineMs: 30_000, everyMs: 30 });

  const start = () => (starting ??= bringUp().then(() => undefined).finally(() => (starting = null)));

  async function takeAway(): Promise<void> {
    await starting;
    server?.signal('SIGKILL');
    await server?.exited;
  }

  scope.teardown(async () => {
    await starting;
    if (server !== null) await stopPostmaster(server, { fastMs: 5_000, immediateMs: 2_000 });
  });
  await start();
  await execute(urlOf(cluster, port).replace(/\/\w+$/, '/postgres'), `create database ${ROLE}`);

  return {
    url: () => urlOf(cluster, port),
    port: () => port,
    start,
    async kill() {
      await takeAway();
      await start();
      return true;
    },
    async away(ms) {
      await takeAway();
      await delay(ms);
      await start();
      return true;
    },
  };
}

/** The one that a service in one tree starts by itself, and starts again. */
export function embeddedDatabase(dataDir: string, processes: () => number[]): DatabaseActor {
  const clusterDir = clusterDirOf(join(dataDir, 'postgres'));
  const port = () => readPidFile(clusterDir)?.port ?? 0;
  return {
    url: () => urlOf({ password: readFileSync(join(clusterDir, 'trainyard.password'), 'utf8').trim() }, port()),
    port,
    start: async () => undefined,
    async kill() {
      return signal(readPidFile(clusterDir)?.pid ?? 0, 'SIGKILL');
    },
    /** Frozen, as nobody can keep its keeper from starting it again. */
    async away(ms) {
      const frozen = processes().filter((pid) => signal(pid, 'SIGSTOP'));
      await delay(ms);
      for (const pid of frozen) signal(pid, 'SIGCONT');
      return frozen.length > 0;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return execute(url, 'select 1').then(() => true, () => false);
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end().catch(() => undefined);
  }
}

// A service to be hurt, with everything that it stands on: started as its users start it, every process to be killed
// alone, a proxy in every connection between processes and stores. Its leases are short, its retries many.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StoreConnection } from '../../src/queue/queue.js';
import { call } from '../helpers/client.js';
import { until } from '../helpers/poll.js';
import { redisServer, type RedisServer } from '../helpers/redis.js';
import { freePort, tcpProxy, type TcpProxy } from '../helpers/tcp.js';
import { embeddedDatabase, ownDatabase, type DatabaseActor } from './actors/database.js';
import { limitedDisk, mountedDisk, type DiskActor, type DiskMeans } from './actors/disk.js';
import { KeptProcess } from './actors/kept-process.js';
import { MARK, processesOf, signal, type Found, type Role } from './actors/processes.js';
import { LEASE_MS, type StageKind } from './faults.js';
import type { Scope } from './scope.js';
import { TEST_KEY } from '../helpers/key.js';

/** What a process of the service reaches its stores through. */
export interface Links {
  database: TcpProxy;
  redis: TcpProxy | null;
}

export interface Stage {
  kind: StageKind;
  address: string;
  /** Everything on disk; it has the logs too. */
  folder: string;
  dataDir: string;
  database: DatabaseActor;
  redis: RedisServer | null;
  disk: DiskActor | null;
  /** Null where everything is one tree. */
  links: Record<'api' | 'worker', Links> | null;
  kept: readonly KeptProcess[];
  workerCount: number;
  /** The queue's store, past every proxy. */
  queue(): StoreConnection;
  processes(...roles: Role[]): Found[];
  /** All but the database that the harness itself has started. */
  ownProcesses(): Found[];
  /** Resolves when it answers and all of its processes are there. @throws Error when that takes a minute */
  whole(): Promise<void>;
}

const dist = (module: string) => fileURLToPath(new URL(`../../${module}`, import.meta.url));
const API = { module: dist('src/server.js'), readyWords: /Trainyard is ready/ };
const WORKER = { module: dist('workers/supervisor.js'), readyWords: /ready for runs/ };

/** Long enough for a trainer that stops with its state kept, on a machine that is busy. */
const GRACE_SECONDS = 5;
export const SHUTDOWN_MS = 8_000;

let count = 0;

function settingsOf(mark: string, dataDir: string, port: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    [MARK]: mark,
    TRAINYARD_DATA_DIR: dataDir,
    TRAINYARD_PORT: String(port),
    TRAINYARD_LOG_FORMAT: 'json',
    TRAINYARD_ADMIN_KEY: TEST_KEY,
    TRAINYARD_RATE_LIMIT: '0',
    TRAINYARD_LEASE_SECONDS: String(LEASE_MS / 1000),
    TRAINYARD_CANCEL_GRACE_SECONDS: String(GRACE_SECONDS),
    TRAINYARD_SHUTDOWN_SECONDS: String(SHUTDOWN_MS / 1000),
    TRAINYARD_MAX_ATTEMPTS: '100',
    // One thread a run on every machine, as the threads of a run change the order of its sums.
    TRAINYARD_SLOTS: String(availableParallelism()),
  };
}

/** @param means how a full disk is made; null where it cannot be */
export async function startStage(scope: Scope, kind: StageKind, means: DiskMeans | null): Promise<Stage> {
  count += 1;
  const mark = `${process.pid}.${count}`;
  const folder = mkdtempSync(join(tmpdir(), `trainyard-chaos-${kind}-`));
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  scope.teardown(() => rm(folder, { recursive: true, force: true }));
  const processes = (...roles: Role[]) => processesOf({ mark, folder }).filter(({ role }) => roles.length === 0 || roles.includes(role));
  const pids = (...roles: Role[]) => () => processes(...roles).map(({ pid }) => pid);
  // The embedded database lies in the data folder, too, and keeps its own disk.
  const folders = kind === 'embedded' ? [join(dataDir, 'artifacts'), join(dataDir, 'scratch')] : [dataDir];
  const disk = means === null ? null : means === 'mount' ? mountedDisk(scope, folders) : limitedDisk(pids('supervisor', 'trainer'));

  const port = await freePort();
  const settings = settingsOf(mark, dataDir, port);
  const keep = (name: string, program: typeof API, env: NodeJS.ProcessEnv) => new KeptProcess({ name, ...program, env: { ...settings, ...env }, logFile: join(folder, `${name}.log`) });
  const address = `http://127.0.0.1:${port}`;
  const ownProcesses = () => processes().filter(({ role }) => role !== 'database' || kind === 'embedded');
  const kept: KeptProcess[] = [];
  const common = { kind, address, folder, dataDir, disk, processes, ownProcesses, kept };
  // Before what they stand on is taken away.
  const killAll = async () => {
    await Promise.all(kept.map((one) => one.end(0)));
    for (const { pid } of ownProcesses()) signal(pid, 'SIGKILL');
  };

  if (kind === 'embedded') {
    const database = embeddedDatabase(dataDir, pids('database'));
    scope.teardown(killAll);
    kept.push(keep('service', API, {}));
    const stage: Stage = { ...common, database, redis: null, links: null, workerCount: 1, queue: () => ({ kind: 'postgres', url: database.url() }), whole: () => whole(stage) };
    return stage;
  }

  const database = await ownDatabase(scope, folder);
  const redis = kind === 'redis' ? await redisServer(scope, { keepsData: true }) : null;
  const linked = async (): Promise<Links> => ({
    database: await tcpProxy(scope, { host: '127.0.0.1', port: database.port() }),
    redis: redis === null ? null : await tcpProxy(scope, { host: '127.0.0.1', port: Number(new URL(redis.url).port) }),
  });
  const links = { api: await linked(), worker: await linked() };
  const through = (link: Links): NodeJS.ProcessEnv => ({ DATABASE_URL: at(database.url(), link.database), ...(redis === null || link.redis === null ? {} : { REDIS_URL: at(redis.url, link.redis) }) });
  // One worker with Redis, so that runs wait there and can be forgotten; elsewhere two, who take over each other's runs.
  const workerNames = redis === null ? ['worker-1', 'worker-2'] : ['worker'];
  scope.teardown(killAll);
  kept.push(keep('api', API, { TRAINYARD_ROLE: 'api', ...through(links.api) }), ...workerNames.map((name) => keep(name, WORKER, through(links.worker))));
  const stage: Stage = {
    ...common, database, redis, links, workerCount: workerNames.length,
    queue: () => (redis === null ? { kind: 'postgres', url: database.url() } : { kind: 'redis', url: redis.url }),
    whole: () => whole(stage),
  };
  return stage;
}

function at(url: string, { port }: TcpProxy): string {
  const through = new URL(url);
  through.port = String(port);
  return through.href;
}

async function whole({ address, processes, workerCount }: Stage): Promise<void> {
  await until(async () => {
    const { status, body } = await call(address, '/readyz', { signal: AbortSignal.timeout(2_000) });
    if (status !== 200) throw new Error(JSON.stringify(body));
    const found = processes('supervisor').length;
    if (found !== workerCount) throw new Error(`${found} of ${workerCount} supervisors are there`);
    return true;
  }, { what: 'the service to be whole', deadlineMs: 60_000, everyMs: 50 });
}

// The service on stores that the bench reaches as well: PostgreSQL with the settings of the embedded default, the
// queue and the bus on it or on Redis, and the API in a process of its own, without a worker.
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { composeStores, type Stores } from '../../src/compose-stores.js';
import { loadConfig, type Config } from '../../src/config.js';
import { createDatasetCatalog } from '../../src/datasets/catalog.js';
import { migrate } from '../../src/db/migrate.js';
import { seedDatabase } from '../../src/db/seed.js';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.js';
import type { Run } from '../../src/schemas/run.js';
import { newRun, runIn } from '../contracts/subject.js';
import { redisMissing, redisServer } from '../helpers/redis.js';
import { startService, type ServiceProcess } from '../helpers/service.js';
import { UsageError, type BenchValues } from './bench.js';
import type { Scope } from './scope.js';

const BACKENDS = ['postgres', 'redis'] as const;
/** Where the queue and the bus are. */
export type Backend = (typeof BACKENDS)[number];

export const BACKEND_OPTION = { backend: { type: 'string' } } as const;

/** Both, unless one was asked for; Redis only where it can run. @throws UsageError */
export function backendsOf({ backend }: BenchValues): Backend[] {
  const wanted = BACKENDS.filter((one) => backend === undefined || backend === one);
  if (wanted.length === 0) throw new UsageError(`--backend takes ${BACKENDS.join(' or ')}`);
  const missing = redisMissing();
  if (missing !== false && wanted.includes('redis')) console.log(`redis is left out: ${missing}`);
  return wanted.filter((one) => one === 'postgres' || missing === false);
}

/** What another process of the bench needs to make the same stores. */
export interface StackAddress {
  databaseUrl: string;
  redisUrl: string | null;
  dataDir: string;
}

export interface Stack {
  address: StackAddress;
  stores: Stores;
  teamId: string;
  api: ServiceProcess;
}

const log = pino({ level: 'warn' });

export function openStores(scope: Scope, { databaseUrl, redisUrl, dataDir }: StackAddress): Stores {
  const config: Config = { ...loadConfig({ env: {} }), dataDir, redisUrl };
  const stores = composeStores(config, databaseUrl, log);
  scope.teardown(() => stores.close());
  return stores;
}

export async function startStack(scope: Scope, backend: Backend): Promise<Stack> {
  const dataDir = mkdtempSync(join(tmpdir(), 'trainyard-bench-'));
  scope.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  scope.teardown(() => postgres.stop());
  const address = { databaseUrl: postgres.url, redisUrl: backend === 'redis' ? (await redisServer(scope)).url : null, dataDir };
  await migrate({ url: address.databaseUrl, log });
  const stores = openStores(scope, address);
  const teamId = await seedDatabase(stores.database, createDatasetCatalog().list());
  const api = await startService(scope, {
    DATABASE_URL: address.databaseUrl,
    ...(address.redisUrl === null ? {} : { REDIS_URL: address.redisUrl }),
    TRAINYARD_DATA_DIR: dataDir,
    TRAINYARD_ROLE: 'api',
  });
  return { address, stores, teamId, api };
}

/** A run that may be written to as its first attempt. */
export function startRun({ stores, teamId }: Stack, name: string): Promise<Run> {
  return runIn(stores, 'running', newRun(teamId, { name }));
}

/** Ends a run that was started, well. */
export async function endRun({ stores }: Stack, id: string): Promise<void> {
  for (const to of ['finalizing', 'succeeded'] as const) if ((await stores.runs.change(id, { to })) === null) throw new Error(`run ${id} cannot become ${to}`);
}

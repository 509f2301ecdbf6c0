// What both the API and a supervisor stand on: database, queue, bus and the repositories over them, chosen
// by configuration; nothing else knows which.
import { createArtifactRepository } from './artifacts/artifact-repository.js';
import { createS3ArtifactStore } from './artifacts/s3-store.js';
import { createDiskArtifactStore } from './artifacts/store.js';
import { artifactsDir, cacheDir, type Config } from './config.js';
import { createDatabaseClock } from './db/clock.js';
import { connectDatabase } from './db/client.js';
import { createBoxRepository } from './devices/box-repository.js';
import { createWorkerRepository } from './devices/worker-repository.js';
import { createEstimates } from './dispatch/estimates.js';
import { createMeasurements } from './dispatch/measurements.js';
import { createPlacements } from './dispatch/placements.js';
import type { Usage } from './dispatch/situation.js';
import { createEventLog } from './live/event-log.js';
import { createPostgresBus } from './live/postgres-bus.js';
import { createRedisBus } from './live/redis-bus.js';
import { decayedUsage, usedToday } from './ledger/usage.js';
import type { Log } from './log.js';
import type { Settings } from './scheduler/state.js';
import { createRunQueue } from './queue/bullmq-queue.js';
import type { StoreConnection } from './queue/queue.js';
import { createRetentionRepository } from './retention/repository.js';
import { createLifecycle } from './runs/lifecycle.js';
import { createMetricRepository } from './metrics/repository.js';
import { createRunRepository } from './runs/run-repository.js';
import { createUsageRepository } from './usage/repository.js';

export type Stores = ReturnType<typeof composeStores>;

/** Connects lazily. */
export function composeStores(config: Config, databaseUrl: string, log: Log) {
  const onError = (error: unknown, what: string) => log.warn({ err: error }, `${what} failed`);
  const queueConnection: StoreConnection = config.redisUrl === null ? { kind: 'postgres', url: databaseUrl } : { kind: 'redis', url: config.redisUrl };
  const database = connectDatabase({ url: databaseUrl, maxConnections: 8 });
  const clock = createDatabaseClock(database);
  const queue = createRunQueue(queueConnection);
  const bus = config.redisUrl === null ? createPostgresBus({ url: databaseUrl, onError: (error) => onError(error, 'bus') }) : createRedisBus({ url: config.redisUrl, onError: (error) => onError(error, 'bus') });
  const runs = createRunRepository(database, clock);
  const placements = createPlacements(database);
  const usage = createUsageRepository(database);
  const usageOf = async (now: number, { halfLifeMs, price, agingMs }: Settings): Promise<Usage> => {
    const [decayed, today, turns, storage] = await Promise.all([decayedUsage(database, { now, halfLifeMs, price }), usedToday(database, { now, price }), placements.turns(new Date(now - agingMs)), usage.storageOfWaiting()]);
    return { decayed, today, turns, storage };
  };
  const lifecycle = createLifecycle({ runs, queue, bus, now: clock.now, leaseMs: config.leaseMs, maxAttempts: config.maxAttempts, onError });
  return {
    database,
    clock,
    queueConnection,
    queue,
    bus,
    runs,
    lifecycle,
    events: createEventLog(database, clock),
    metrics: createMetricRepository(database),
    artifacts: createArtifactRepository(database),
    retention: createRetentionRepository(database),
    usage,
    workers: createWorkerRepository(database, clock),
    boxes: createBoxRepository(database),
    placements,
    measurements: createMeasurements(database),
    estimates: createEstimates(database),
    usageOf,
    store: config.bucket === null ? createDiskArtifactStore(artifactsDir(config)) : createS3ArtifactStore({ ...config.bucket, cache: { folder: cacheDir(config), limitBytes: config.cacheLimitBytes } }),
    async close() {
      await Promise.allSettled([queue.close(), bus.close()]);
      await database.$disconnect();
    },
  };
}

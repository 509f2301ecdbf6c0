// What differs between BullMQ on PostgreSQL and on Redis: how to connect, and how patient to be.
import {
  createPostgresBackend,
  createRedisBackend,
  RedisQueueBackend,
  runMigrations,
  type BackendFactory,
  type ConnectionOptions,
  type IQueueBackend,
  type IRedisClient,
} from 'bullmq';
import pg from 'pg';
import { within } from '../deadline.js';
import type { StoreConnection } from './queue.js';

/** The schema of BullMQ's tables, and the prefix of its keys in Redis. */
const NAMESPACE = 'bullmq';
const REDIS_PREFIX = 'trainyard';
const CONNECT_TIMEOUT_MS = 1_500;
/** Of those who have nobody to answer to: an answer, or a connection where many questions wait for few. */
const PATIENT_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;
/** One migration, on a busy server; it takes a tenth of a second on an idle one. */
const MIGRATION_TIMEOUT_MS = 30_000;

export interface Store {
  options: { prefix: string; connection: ConnectionOptions };
  backend: BackendFactory<IQueueBackend>;
}

/** A producer gives up soon, so that its caller can say so; a consumer has nobody to answer to, and waits. */
export type Patience = 'failsFast' | 'waits';

export function describeStore(connection: StoreConnection, patience: Patience): Store {
  return connection.kind === 'postgres' ? onPostgres(connection.url, patience) : onRedis(connection.url, patience);
}

function onPostgres(url: string, patience: Patience): Store {
  const answerWithinMs = patience === 'failsFast' ? CONNECT_TIMEOUT_MS : PATIENT_MS;
  const connection = {
    connectionString: url,
    schema: NAMESPACE,
    max: patience === 'failsFast' ? 4 : 2,
    connectionTimeoutMillis: answerWithinMs,
    // A server that vanished without a word leaves a query waiting for ever.
    query_timeout: answerWithinMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
  return {
    options: { prefix: REDIS_PREFIX, connection },
    backend: (name, options, needs) => createPostgresBackend(name, { ...options, connection }, needs),
  };
}

function onRedis(url: string, patience: Patience): Store {
  const failsFast = patience === 'failsFast';
  return {
    options: {
      prefix: REDIS_PREFIX,
      connection: {
        url,
        connectTimeout: CONNECT_TIMEOUT_MS,
        keepAlive: KEEP_ALIVE_MS,
        // An unanswered command means that the connection is dead; but a worker's may take as long as it waits for a job.
        socketTimeout: failsFast ? CONNECT_TIMEOUT_MS : PATIENT_MS,
        // The default grows to 20 s, which is how long the queue would stay away after Redis is back.
        retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 10), 1_000),
        // Commands of a worker wait for the connection; those of a producer fail, so that the caller knows.
        ...(failsFast
          ? { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: CONNECT_TIMEOUT_MS }
          : { maxRetriesPerRequest: null }),
      },
    },
    backend: createRedisBackend,
  };
}

/**
 * Brings BullMQ's own tables up to date; nothing to do on Redis. It must have ended before a worker starts, because
 * a worker without its tables fails and tries again without a pause. Safe to run from many processes at once.
 */
export async function prepareStore(connection: StoreConnection): Promise<void> {
  if (connection.kind === 'redis') return;
  const client = new pg.Client({
    connectionString: connection.url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: MIGRATION_TIMEOUT_MS,
    keepAlive: true,
  });
  // An error between two queries has no promise to reject.
  client.on('error', () => {});
  await client.connect();
  try {
    await runMigrations(client, NAMESPACE);
  } finally {
    await client.end();
  }
}

/** What a queue and a worker of BullMQ have in common. */
interface Connected {
  close(): Promise<void>;
  getBackend(): IQueueBackend;
}

/** Closes in at most `ms` and a few seconds more: closing says goodbye to the store, which may be gone. */
export async function closeWithin(ms: number, connected: Connected): Promise<void> {
  const closing = connected.close();
  await within(ms, closing).catch(async () => {
    await within(2 * CONNECT_TIMEOUT_MS, cut(connected.getBackend())).catch(() => {});
    await within(CONNECT_TIMEOUT_MS, closing).catch(() => {});
  });
}

async function cut(backend: IQueueBackend): Promise<void> {
  if (!(backend instanceof RedisQueueBackend)) return backend.disconnect();
  const clients = [backend.client, backend.blockingClient].filter((client) => client !== undefined);
  await Promise.all(clients.map(endRedis));
}

/**
 * A client that is told to disconnect between two attempts to connect never says that it has ended, and BullMQ, with
 * all its timers, waits for that word. One more attempt, whatever comes of it, makes it end.
 */
async function endRedis(connecting: Promise<IRedisClient>): Promise<void> {
  const client = await connecting;
  client.disconnect();
  await client.connect().catch(() => {});
  client.disconnect();
}

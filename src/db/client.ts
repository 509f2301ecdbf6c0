// The Prisma client over `pg`, and how its faults read to the rest of the service.
import { PrismaPg } from '@prisma/adapter-pg';
import { Prisma, PrismaClient } from '../generated/prisma/client.js';
import { ServiceError } from '../errors.js';

export type Database = PrismaClient;
/** What repositories accept: the client, or the transaction they are handed. */
export type DatabaseSession = Prisma.TransactionClient;

export interface DatabaseOptions {
  url: string;
  maxConnections: number;
}

export function connectDatabase(options: DatabaseOptions): Database {
  const adapter = new PrismaPg({
    connectionString: options.url,
    // The adapter reads times without looking at their offset: in another zone than UTC all would be off.
    options: '-c TimeZone=UTC',
    max: options.maxConnections,
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  });
  return new PrismaClient({ adapter, transactionOptions: { maxWait: 5_000, timeout: 15_000 } });
}

// P1xxx: unreachable or refused; P2024, P2028: no connection or transaction in time. The rest are
// PostgreSQL's classes 08 (connection), 57P (shutdown, not yet up) and 53 (out of resources), and Node's own.
const AWAY_CODES = /^(P1\d{3}|P2024|P2028|08\w{3}|57P\d{2}|53\w{3}|ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH)$/;
const AWAY_TEXT = /can't reach database|connection terminated|terminating connection|connection timeout|timeout exceeded when trying to connect|server closed the connection|ECONNREFUSED|shutting down|starting up|not yet accepting connections|not queryable|in recovery mode/i;
/** What Prisma makes of Node's codes of sockets; of a raw query, nothing else is left. */
const AWAY_KINDS = new Set<unknown>(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout']);

interface Failure {
  message?: unknown;
  code?: unknown;
  syscall?: unknown;
  cause?: unknown;
  /** The driver adapter's own code: PostgreSQL's SQLSTATE. */
  originalCode?: unknown;
  /** The driver adapter's name for what has happened. */
  kind?: unknown;
  meta?: { driverAdapterError?: unknown };
}

/** Whether an error says that the database is away, rather than that a statement was wrong. */
export function isDatabaseAway(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { message, code, syscall, cause, originalCode, kind, meta } = error as Failure;
  if ([code, originalCode].some((known) => typeof known === 'string' && AWAY_CODES.test(known))) return true;
  if (AWAY_KINDS.has(kind)) return true;
  if (code === 'ENOENT' && syscall === 'connect') return true; // a Unix socket that is not there
  if (typeof message === 'string' && AWAY_TEXT.test(message)) return true;
  return isDatabaseAway(cause) || isDatabaseAway(meta?.driverAdapterError);
}

/** The same error, or `database_unavailable` when the database is away. */
export function databaseError(error: unknown): unknown {
  return isDatabaseAway(error) ? new ServiceError('database_unavailable', undefined, { cause: error }) : error;
}

/** @throws ServiceError database_unavailable */
export async function pingDatabase(database: Database): Promise<void> {
  try {
    await database.$queryRaw`SELECT 1`;
  } catch (error) {
    throw new ServiceError('database_unavailable', undefined, { cause: error });
  }
}

/** PostgreSQL's code, of a raw query. */
const UNIQUE_VIOLATION = '23505';

export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  const { driverAdapterError } = (error.meta ?? {}) as { driverAdapterError?: { cause?: Failure } };
  return error.code === 'P2002' || driverAdapterError?.cause?.originalCode === UNIQUE_VIOLATION;
}

export { Prisma };

// What the client of S3 throws, as faults that say what a caller can do about them.
import { StoreError, type StoreFault } from './store-error.js';

/** What servers call a bucket without room; Amazon's has no such thing. */
const FULL = new Set(['XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded', 'QuotaExceeded', 'StorageFull']);
const AWAY = new Set(['TimeoutError', 'AbortError', 'RequestTimeout', 'SlowDown', 'Throttling', 'TooManyRequests']);

interface Failure {
  name?: string;
  code?: unknown;
  $metadata?: { httpStatusCode?: number };
  $response?: { statusCode?: number };
}

/** Anything that the client throws; what it does not foresee stays as it is. */
export function toStoreError(error: unknown, syscall: string): unknown {
  if (error instanceof StoreError || typeof error !== 'object' || error === null) return error;
  const { name = '', code, $metadata, $response } = error as Failure;
  const fault = faultOf(name, $metadata?.httpStatusCode ?? $response?.statusCode, code);
  return fault === null ? error : new StoreError(fault, { syscall, code: typeof code === 'string' ? code : name, cause: error });
}

function faultOf(name: string, status: number | undefined, code: unknown): StoreFault | null {
  if (FULL.has(name) || status === 507) return 'full';
  if (name === 'NoSuchBucket' || status === 401 || status === 403) return 'refused';
  // It would never be there.
  if (status === 501) return 'refused';
  if (AWAY.has(name) || status === 429 || (status !== undefined && status >= 500)) return 'away';
  if (status === 404) return 'missing';
  if (status !== undefined && status >= 400) return 'refused';
  // Without an answer: what Node says of sockets, names and certificates.
  return typeof code === 'string' ? 'away' : null;
}

// The lock on what the store keeps: bytes are freed by those who look whether the index refers to them.
import type { DatabaseSession } from '../db/client.js';

/** Any number that nothing else in the database locks. */
export const STORE_LOCK = 7_270_737_001;

/**
 * A transaction that adds artifacts holds the store until its end, so that their bytes are not freed by one who does
 * not see them in the index yet. Bytes that were freed before are missing then: the caller looks for them afterwards,
 * or copies rows that are in the index after this.
 */
export async function holdStore(session: DatabaseSession): Promise<void> {
  await session.$executeRaw`SELECT pg_advisory_xact_lock_shared(${STORE_LOCK}::bigint)`;
}

/** Waits for all of those, and keeps others from holding it, until the transaction ends. */
export async function lockStore(session: DatabaseSession): Promise<void> {
  await session.$executeRaw`SELECT pg_advisory_xact_lock(${STORE_LOCK}::bigint)`;
}

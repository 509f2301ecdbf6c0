// What an attempt waits for instead of failing.
import { isStoreAway } from '../src/artifacts/store-error.js';
import { isDatabaseAway } from '../src/db/client.js';

/** Whether an error says that the database or the artifact storage does not answer now. */
export const isAway = (error: unknown): boolean => isStoreAway(error) || isDatabaseAway(error);

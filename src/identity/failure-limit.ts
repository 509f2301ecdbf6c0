// Secrets that are wrong, counted by where they come from: each costs the database a question.
import { ServiceError } from '../errors.js';

const WINDOW_MS = 60_000;
const MAX_FAILURES = 600;
/** Addresses that are remembered; beyond that the oldest are forgotten. */
const MAX_ADDRESSES = 10_000;

export interface FailureLimit {
  /** @throws ServiceError rate_limited */
  check(address: string): void;
  count(address: string): void;
}

export function createFailureLimit({ max = MAX_FAILURES, now = Date.now }: { max?: number; now?: () => number } = {}): FailureLimit {
  const failures = new Map<string, { count: number; since: number }>();

  function recent(address: string): { count: number; since: number } | undefined {
    const known = failures.get(address);
    if (known !== undefined && now() - known.since < WINDOW_MS) return known;
    failures.delete(address);
    return undefined;
  }

  return {
    check(address) {
      if ((recent(address)?.count ?? 0) >= max) throw new ServiceError('rate_limited', `More than ${max} wrong keys in a minute came from here.`);
    },
    count(address) {
      const known = recent(address);
      if (known !== undefined) {
        known.count += 1;
        return;
      }
      failures.set(address, { count: 1, since: now() });
      const [oldest] = failures.keys();
      if (failures.size > MAX_ADDRESSES && oldest !== undefined) failures.delete(oldest);
    },
  };
}

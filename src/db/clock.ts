// What time it is, as all processes see it: what one machine writes another judges (heartbeats, leases, since when a run
// waits and how long it has had a device), and their clocks may be further apart than a lease is long.
import type { Database } from './client.js';

export interface DatabaseClock {
  /** Milliseconds since the epoch by the database's clock, as it was when it was looked at last; by one's own before. */
  now(): number;
  /** The same moment, which one's own clock called this. Both as in ISO 8601. */
  at(own: string): string;
  look(): Promise<void>;
}

/** An answer that took longer tells too little. */
const LONGEST_LOOK_MS = 1_000;
/** Clocks that are so near to each other are taken for one: differences of looks would let time go back and forth. */
const SAME_MS = 250;

export function createDatabaseClock(database: Pick<Database, '$queryRaw'>, own: () => number = Date.now): DatabaseClock {
  let aheadMs = 0;
  return {
    now: () => own() + aheadMs,
    at: (own) => (aheadMs === 0 ? own : new Date(Date.parse(own) + aheadMs).toISOString()),
    async look() {
      const asked = own();
      const [row] = await database.$queryRaw<{ now: number }[]>`SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now`;
      const answered = own();
      if (answered - asked > LONGEST_LOOK_MS) return;
      const difference = row!.now - (asked + answered) / 2;
      aheadMs = Math.abs(difference) < SAME_MS ? 0 : Math.round(difference);
    },
  };
}

// What stands in a ledger: what each item is of, and its sums of device-time. What is answered is whole milliseconds, so
// that categories add up to what was held, and items to their total, to the last digit.
import { LedgerTotal, type LedgerItem, type LedgerKey } from '../schemas/ledger.js';
import { CATEGORIES, type Category, type Split } from './split.js';

/** What an item says of itself, by what is summed up; those that say the same are one. */
export const KEYS: Record<LedgerKey, readonly Exclude<keyof LedgerItem, keyof LedgerTotal>[]> = {
  team: ['team'],
  user: ['team', 'user'],
  run: ['team', 'user', 'runId', 'run'],
  day: ['day'],
  box: ['box', 'deviceKind'],
  deviceKind: ['deviceKind'],
};

export const SUMS = Object.keys(LedgerTotal.properties) as (keyof LedgerTotal)[];
const SECONDS = SUMS.filter((name) => name !== 'runs');
type Seconds = (typeof SECONDS)[number];

export const SECONDS_OF = { useful: 'usefulSeconds', afterBest: 'afterBestSeconds', lost: 'lostSeconds', idle: 'idleSeconds' } as const satisfies Record<Category, Seconds>;

export class Account {
  /** Device-milliseconds. */
  readonly #held: Record<Category, number> = { useful: 0, afterBest: 0, lost: 0, idle: 0 };
  #waitingMs = 0;
  readonly #runs = new Set<string>();

  add({ runId, share }: { runId: string; share: number }, split: Split): void {
    for (const category of CATEGORIES) this.#held[category] += share * split[category];
    this.#waitingMs += split.waiting;
    this.#runs.add(runId);
  }

  sums(): LedgerTotal {
    const parts = Object.fromEntries(CATEGORIES.map((category) => [SECONDS_OF[category], Math.round(this.#held[category]) / 1000])) as Record<(typeof SECONDS_OF)[Category], number>;
    return { deviceSeconds: sum(Object.values(parts)), ...parts, waitingSeconds: this.#waitingMs / 1000, runs: this.#runs.size };
  }
}

export function totalOf(items: readonly LedgerTotal[]): Record<Seconds, number> {
  return Object.fromEntries(SECONDS.map((name) => [name, sum(items.map((item) => item[name]))])) as Record<Seconds, number>;
}

/** Of whole milliseconds, written as seconds. */
const sum = (seconds: readonly number[]) => seconds.reduce((total, one) => total + Math.round(one * 1000), 0) / 1000;

// Sums of device-time. What is answered is whole milliseconds, so that categories add up to what was held, and items
// to their total, to the last digit.
import type { LedgerTotal } from '../schemas/ledger.js';
import { CATEGORIES, type Category, type Split } from './split.js';

type Seconds = Exclude<keyof LedgerTotal, 'runs'>;

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
    const seconds = (category: Category) => Math.round(this.#held[category]) / 1000;
    const parts = { usefulSeconds: seconds('useful'), afterBestSeconds: seconds('afterBest'), lostSeconds: seconds('lost'), idleSeconds: seconds('idle') };
    return { deviceSeconds: sum(Object.values(parts)), ...parts, waitingSeconds: this.#waitingMs / 1000, runs: this.#runs.size };
  }
}

export function totalOf(items: readonly LedgerTotal[]): Omit<LedgerTotal, 'runs'> {
  const of = (name: Seconds) => sum(items.map((item) => item[name]));
  return { deviceSeconds: of('deviceSeconds'), usefulSeconds: of('usefulSeconds'), afterBestSeconds: of('afterBestSeconds'), lostSeconds: of('lostSeconds'), idleSeconds: of('idleSeconds'), waitingSeconds: of('waitingSeconds') };
}

/** Of whole milliseconds, written as seconds. */
const sum = (seconds: readonly number[]) => seconds.reduce((total, one) => total + Math.round(one * 1000), 0) / 1000;

// What one reader of the live bench has got: every event is held against the number that it must have.
import type { RunEvent } from '../../src/schemas/event.js';
import { pointsIn } from './blocks.js';

export class Tally {
  /** ms from the emission to the arrival of each event of metrics. */
  readonly delays: number[] = [];
  points = 0;
  doubled = 0;
  #skipped = 0;
  readonly #last = new Map<string, number>();

  /** From now on events of the run are expected, the next one with the number after `last`. */
  expect(runId: string, last: number): void {
    this.#last.set(runId, last);
  }

  expects(runId: string): boolean {
    return this.#last.has(runId);
  }

  /** @param arrivedAt in ms since the epoch */
  add(runId: string, event: RunEvent, arrivedAt: number): void {
    const last = this.#last.get(runId) ?? 0;
    if (event.seq <= last) {
      this.doubled += 1;
      return;
    }
    this.#skipped += event.seq - last - 1;
    this.#last.set(runId, event.seq);
    if (event.kind !== 'metrics') return;
    this.points += pointsIn(event);
    this.delays.push(arrivedAt - Date.parse(event.at));
  }

  hasAll(heads: ReadonlyMap<string, number>): boolean {
    return this.#missing(heads) === 0;
  }

  /** Events that were left out, or are not there yet when the runs' latest have these numbers. */
  lost(heads: ReadonlyMap<string, number>): number {
    return this.#skipped + this.#missing(heads);
  }

  #missing(heads: ReadonlyMap<string, number>): number {
    return [...this.#last].reduce((sum, [runId, last]) => sum + Math.max(0, (heads.get(runId) ?? 0) - last), 0);
  }
}

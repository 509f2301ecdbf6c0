// The worker's side of the live bench, in a process of its own: for each run a journal, as a supervisor has one, that
// writes blocks of steps at a steady rate into the real event log and tells the bus.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Stores } from '../../src/compose-stores.js';
import { Journal } from '../../workers/journal.js';
import { block } from './blocks.js';
import { answerWith } from './helper.js';
import { openStores, type StackAddress } from './stack.js';

export interface WriteQuestion {
  address: StackAddress;
  runs: { id: string; head: number }[];
  seconds: number;
  /** Between two events of a run. */
  everyMs: number;
  /** Of an event; each has a value in each series. */
  steps: number;
}
/** Numbers of the runs' latest events. */
export type WriteAnswer = Map<string, number>;

const SERIES = ['loss', 'accuracy', 'learning_rate'];

/** Kept from one question to the next, as a supervisor keeps them from run to run. */
let stores: Stores | undefined;

function fail(error: unknown): never {
  throw error;
}

answerWith(async ({ address, runs, seconds, everyMs, steps }: WriteQuestion): Promise<WriteAnswer> => {
  const { events, bus } = (stores ??= openStores({ teardown: () => undefined }, address));
  const begun = performance.now();
  await Promise.all(
    runs.map(async ({ id, head }, index) => {
      const journal = new Journal({ fence: { runId: id, attempt: 1 }, head, events, bus, spoolFile: join(tmpdir(), `trainyard-bench-spool-${id}`), onBroken: fail, onAway: fail, onSpoolError: fail });
      // Spread over the interval, as runs are that know nothing of each other.
      const offset = (index * everyMs) / runs.length;
      for (let event = 0; event * everyMs < seconds * 1000; event += 1) {
        await delay(Math.max(0, begun + offset + event * everyMs - performance.now()));
        journal.write(block(head + event * steps, { steps, series: SERIES }));
      }
      await journal.settled();
    }),
  );
  return events.heads(runs.map(({ id }) => id));
});

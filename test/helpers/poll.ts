// Waiting in tests: ask again until it is so, or fail with a sentence. Nobody sleeps for a guessed time.
import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** Names the condition in the failure: "the run to end". */
  what: string;
  /** Give up after this many milliseconds. Default 10,000. */
  deadlineMs?: number;
  /** Milliseconds between two looks. Default 20. */
  everyMs?: number;
}

/**
 * Calls `condition` until it answers something truthy, and returns that.
 * @throws Error naming `what`, with the last answer or the last error as its cause, when the deadline has passed.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, deadlineMs = 10_000, everyMs = 20 }: UntilOptions,
): Promise<Exclude<T, null | undefined | false | 0 | ''>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    let last: unknown;
    try {
      const answer = await condition();
      if (answer) return answer as Exclude<T, null | undefined | false | 0 | ''>;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`waited ${deadlineMs} ms in vain for ${what}`, { cause: last });
    }
    await sleep(everyMs);
  }
}

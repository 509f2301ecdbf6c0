// What must be answered before anything can be shown.
import { ApiError } from './error.js';

const MAX_DELAY_MS = 8000;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Asks until there is an answer, ever less often. @throws what will not pass */
export async function patiently<T>(ask: () => Promise<T>, { wait = sleep, onFault }: { wait?: (ms: number) => Promise<void>; onFault?: (error: ApiError) => void } = {}): Promise<T> {
  for (let delayMs = 1000; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiError && error.passing)) throw error;
      onFault?.(error);
      await wait(delayMs);
    }
  }
}

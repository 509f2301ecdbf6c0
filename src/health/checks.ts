// Asks what the service needs, all at once, each for a bounded time.
import type { CheckResult } from '../schemas/health.js';
import type { HealthCheck } from '../services.js';

export interface AskOptions {
  /** What has not answered after this long counts as away. */
  limitMs: number;
  onError: (error: unknown, name: string) => void;
}

/** In the order of the checks; never rejects. */
export function askAll(checks: readonly HealthCheck[], { limitMs, onError }: AskOptions): Promise<CheckResult[]> {
  return Promise.all(
    checks.map(async ({ name, ping }) => {
      const start = performance.now();
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
      });
      // The race attends to the rejection of whichever comes second, too.
      const ok = await Promise.race([ping(), limit]).then(
        () => true,
        (error: unknown) => {
          onError(error, name);
          return false;
        },
      );
      clearTimeout(timer);
      return { name, ok, durationMs: Math.round((performance.now() - start) * 10) / 10 };
    }),
  );
}

// Many requests, a few at a time.

/**
 * Calls `act` for each item, at most `most` at once, and answers what came of each, in the order of the items: one that
 * fails stops no other. What was not begun when `signal` aborts has failed with its reason.
 */
export async function severalAtATime<T, R>(items: readonly T[], act: (item: T) => Promise<R>, { most = 4, signal }: { most?: number; signal?: AbortSignal } = {}): Promise<PromiseSettledResult<R>[]> {
  const results: PromiseSettledResult<R>[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const at = next;
      next += 1;
      try {
        signal?.throwIfAborted();
        results[at] = { status: 'fulfilled', value: await act(items[at]!) };
      } catch (reason) {
        results[at] = { status: 'rejected', reason };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
  return results;
}

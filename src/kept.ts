// An answer that is dear to find, given to all who ask within a while.

export interface Kept<T> {
  get(): Promise<T>;
  /** The next who asks has it found anew. */
  forget(): void;
}

/** @param forMs milliseconds that an answer stays good; one that fails is not kept */
export function kept<T>(forMs: number, find: () => Promise<T>, now: () => number = Date.now): Kept<T> {
  let latest: { at: number; found: Promise<T> } | null = null;
  return {
    get() {
      if (latest !== null && now() - latest.at < forMs) return latest.found;
      const asked = { at: now(), found: find() };
      latest = asked;
      asked.found.catch(() => {
        if (latest === asked) latest = null;
      });
      return asked.found;
    },
    forget() {
      latest = null;
    },
  };
}

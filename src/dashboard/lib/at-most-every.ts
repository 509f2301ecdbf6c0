// Work that is asked for more often than it should be done: at once, then at intervals with the latest that was asked.

export interface Paced<T> {
  (what: T): void;
  /** Does now what is still to be done. */
  flush(): void;
  /** Leaves it. */
  drop(): void;
}

export function atMostEvery<T>(intervalMs: number, work: (what: T) => void): Paced<T> {
  let next: { what: T } | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    const waiting = next;
    next = null;
    if (waiting !== null) work(waiting.what);
  };
  const due = () => {
    timer = next === null ? undefined : setTimeout(due, intervalMs);
    flush();
  };
  const paced = (what: T) => {
    next = { what };
    if (timer === undefined) due();
  };
  return Object.assign(paced, { flush, drop: () => void (next = null) });
}

// Work that is done again and again, as long as somebody looks at the page.

const SOON_MS = 300;

export interface Repeated {
  /** The next turn comes soon: what it reads has changed. */
  soon(): void;
}

/** Calls `work` now, and again so many milliseconds after each time as it answers; null is never. Until `signal` aborts. */
export function whileSeen(work: () => Promise<number | null>, signal: AbortSignal): Repeated {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAtWork = false;
  let isUrgent = false;
  const plan = (afterMs: number) => {
    clearTimeout(timer);
    if (!signal.aborted) timer = setTimeout(due, afterMs);
  };
  const due = () => (document.hidden ? document.addEventListener('visibilitychange', due, { once: true, signal }) : void turn());
  const turn = async () => {
    if (isAtWork) return;
    clearTimeout(timer);
    isAtWork = true;
    isUrgent = false;
    const afterMs = await work().finally(() => (isAtWork = false));
    if (isUrgent) plan(SOON_MS);
    else if (afterMs !== null) plan(afterMs);
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  void turn();
  return { soon: () => (isAtWork ? void (isUrgent = true) : plan(SOON_MS)) };
}

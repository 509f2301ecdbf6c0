// Time as the live hub sees it, so that tests advance it by calls.
export interface Clock {
  /** Milliseconds; only differences mean something. */
  now(): number;
  /** Runs `action` once, `ms` milliseconds from now; the answer calls it off. */
  after(ms: number, action: () => void): () => void;
}

/** Real time. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

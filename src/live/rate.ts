// A token bucket: `perSecond` on average, at most a second's worth at once.
import type { Clock } from './clock.js';

/** Answers whether one more is allowed now. */
export function createRate(perSecond: number, clock: Clock): () => boolean {
  let tokens = perSecond;
  let at = clock.now();
  return () => {
    const now = clock.now();
    tokens = Math.min(perSecond, tokens + ((now - at) * perSecond) / 1000);
    at = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

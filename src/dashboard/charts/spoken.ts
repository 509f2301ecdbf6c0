// What a chart says of itself to those who listen: at once where they ask for it, else not with every batch.
import { useEffect, useRef, useState } from 'preact/hooks';

export const QUIET_MS = 3000;

export interface Spoken {
  text: string;
  atMs: number;
}

/** `isAsked`: somebody has moved the cross-hair. */
export const nextSpoken = (before: Spoken, { text, atMs, isAsked }: Spoken & { isAsked: boolean }): Spoken =>
  text === before.text || (!isAsked && atMs - before.atMs < QUIET_MS) ? before : { text, atMs };

/** The text as it was said last. */
export function useSpoken(text: string, isAsked: boolean): string {
  const said = useRef<Spoken>({ text, atMs: 0 });
  const [, remind] = useState(0);
  said.current = nextSpoken(said.current, { text, atMs: performance.now(), isAsked });
  const isStale = said.current.text !== text;
  useEffect(() => {
    if (!isStale) return;
    const timer = setTimeout(() => remind((before) => before + 1), QUIET_MS);
    return () => clearTimeout(timer);
  }, [isStale]);
  return said.current.text;
}

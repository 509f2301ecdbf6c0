// A row that is wider than the screen is scrolled by hand; what is chosen in it must be seen without that.
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

/** How far a row must be scrolled so that one of its entries is whole, with a little of its neighbour. In CSS pixels. */
export function scrollToSee({ left, width }: { left: number; width: number }, row: { scrolled: number; width: number }): number {
  const most = left - BESIDE;
  const least = left + width + BESIDE - row.width;
  return Math.max(0, Math.min(most, Math.max(least, row.scrolled)));
}

const BESIDE = 32;
const CHOSEN = '[aria-current="page"], [aria-selected="true"]';

/** For the row: keeps its chosen entry in sight when another one, `chosen`, is chosen, and when the row becomes narrower. */
export function useInSight<E extends HTMLElement>(chosen: unknown): RefObject<E | null> {
  const ref = useRef<E>(null);
  useLayoutEffect(() => {
    const row = ref.current!;
    const see = () => {
      const entry = row.querySelector<HTMLElement>(CHOSEN);
      if (entry === null) return;
      const left = entry.getBoundingClientRect().left - row.getBoundingClientRect().left + row.scrollLeft;
      row.scrollLeft = scrollToSee({ left, width: entry.offsetWidth }, { scrolled: row.scrollLeft, width: row.clientWidth });
    };
    const observer = new ResizeObserver(see);
    observer.observe(row);
    see();
    return () => observer.disconnect();
  }, [chosen]);
  return ref;
}

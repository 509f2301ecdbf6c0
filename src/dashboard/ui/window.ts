// Which rows of a long list are there to be seen.

/** Rows beyond either border that are there too, so that scrolling does not uncover a void. */
export const OVERSCAN = 10;

/** From the first to before the last row. It moves in steps, so that most scrolling changes nothing. */
export function windowOf({ top, height, rowHeight, count }: { top: number; height: number; rowHeight: number; count: number }): readonly [number, number] {
  const step = OVERSCAN / 2;
  const first = Math.floor(Math.max(0, top / rowHeight - OVERSCAN) / step) * step;
  const last = Math.ceil((top + height) / rowHeight / step) * step + OVERSCAN;
  return [Math.min(first, Math.max(0, count - 1)), Math.min(count, last)];
}

/** How far to scroll so that a row is seen whole, below a head that stays. */
export function scrollTo(row: number, { top, height, rowHeight, head }: { top: number; height: number; rowHeight: number; head: number }): number {
  const [start, end] = [row * rowHeight, (row + 1) * rowHeight];
  if (start < top) return start;
  return end > top + height - head ? end - height + head : top;
}

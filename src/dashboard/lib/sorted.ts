// Searches in what is sorted, by halves.

/** The first of `length` places for which `is` holds; `length` where it holds for none. From there on it must hold for all. */
export function firstWhere(length: number, is: (at: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (is(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The one of `length` rising values that is nearest to `wanted`, the later of two that are as near; -1 where there are none. */
export function nearestTo(wanted: number, length: number, valueAt: (at: number) => number): number {
  const after = Math.min(length - 1, firstWhere(length, (at) => valueAt(at) >= wanted));
  return after > 0 && wanted - valueAt(after - 1) < valueAt(after) - wanted ? after - 1 : after;
}

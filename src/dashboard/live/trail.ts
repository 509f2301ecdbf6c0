// The last values of something that is told again and again, for a small line of how it went. Pure.

export interface Trail {
  /** Oldest first; null where it was not to be had. */
  readonly values: readonly (number | null)[];
  /** When the last of them was so, in ms since the epoch. */
  readonly atMs: number;
}

/** Two minutes, where it is told every second. */
export const TRAIL_LENGTH = 120;

/** After so long nobody was there to be told, or to tell. */
const ABSENT_MS = 10_000;

/** The trail with one more, and a gap before it after an absence; as it was, where this is none later. */
export function follow(trail: Trail | undefined, atMs: number, value: number | null): Trail {
  if (trail === undefined) return { values: [value], atMs };
  const passedMs = atMs - trail.atMs;
  if (passedMs <= 0) return trail;
  const gap = passedMs < ABSENT_MS ? [] : new Array<null>(Math.min(TRAIL_LENGTH, Math.round(passedMs / 1000) - 1)).fill(null);
  return { values: [...trail.values, ...gap, value].slice(-TRAIL_LENGTH), atMs };
}

/**
 * An SVG path of a trail in a field of `TRAIL_LENGTH - 1` by 100, its newest at the right, 100 at the top. Gaps stay gaps.
 */
export function trailPath({ values }: Trail): string {
  let isOpen = false;
  return values.map((value, at) => {
    if (value === null) {
      isOpen = false;
      return '';
    }
    const command = isOpen ? 'L' : 'M';
    isOpen = true;
    return `${command}${TRAIL_LENGTH - values.length + at} ${(100 - Math.min(100, Math.max(0, value))).toFixed(1)}`;
  }).join('');
}

// A curve as a chart shows it, and what it says at a place.
import { nearestTo } from '../lib/sorted.js';
import type { Columns } from '../live/series.js';

export interface Line {
  /** Unique within the chart. */
  key: string;
  label: string;
  series: Columns & { readonly last: number; readonly total: number; readonly version: number };
  /** The curve that `series` is a part of, whose latest value is told. */
  whole?: { readonly last: number };
  /** Where a step, or an epoch, stands on the axis. Must rise. */
  place(at: number): number;
  /** A CSS colour, or `var(--name)`. */
  color: string;
  dash?: readonly number[];
  /** `raw`: single batches, faint where they are smoothed. `whole`: few and important. */
  kind: 'raw' | 'whole';
  /** How far from a place on the axis an entry still tells of it; from its first step to its last when absent. */
  reach?: number;
}

/** The entry at a place, or the nearest within reach; -1 when there is none. */
export function entryAt({ series: { length, from, to }, place, reach }: Line, at: number): number {
  const middle = (index: number) => place((from[index]! + to[index]!) / 2);
  const best = nearestTo(at, length, middle);
  if (best < 0) return -1;
  // Half a step beside its ends it is still as near as one can point.
  const isNear = reach === undefined ? at >= place(from[0]! - 0.5) && at <= place(to[length - 1]! + 0.5) : Math.abs(middle(best) - at) <= reach;
  return isNear ? best : -1;
}

/** What a line says at a place, or last where none is given: its value, or the range of its bucket; a dash for nothing. */
export function readAt(line: Line, at: number | null, format: (value: number) => string): string {
  const { series, whole = series } = line;
  if (series.length === 0) return '–';
  if (at === null) return format(whole.last);
  const entry = entryAt(line, at);
  if (entry < 0) return '–';
  const [min, max, nan] = [series.min[entry]!, series.max[entry]!, series.nan[entry]!];
  if (nan === series.count[entry]) return 'NaN';
  return min === max ? format(min) : `${format(min)} to ${format(max)}${nan > 0 ? ', NaN' : ''}`;
}

// What a chart draws: for each pixel column the smallest and the greatest value, the mean, and whether there was one
// that is no number. Nothing is left out, so no spike is; and it costs the same however long the curves are.
import { firstWhere } from '../lib/sorted.js';
import type { Columns } from '../live/series.js';

export interface GridInput {
  columns: Columns;
  /** Takes the place of the means; of the same length. */
  smoothed?: ArrayLike<number> | undefined;
  /** Where a step, or an epoch, stands on the axis. Must rise. */
  place(step: number): number;
  /** The span of the axis that is shown. */
  from: number;
  to: number;
  /** How many columns. */
  width: number;
}

/** `null` breaks a line; `undefined` does not: nothing was measured there. */
export type Cell = number | null | undefined;

export interface Grid {
  /** Of `width` columns, with one more at either end, where lines leave the chart. */
  mean: Cell[];
  min: Cell[];
  max: Cell[];
  /** Columns, by index into these, where a value was NaN or infinite. */
  bad: number[];
  /** Points that all this stands for. */
  points: number;
  /** Entries that were gathered: few are drawn with dots. */
  entries: number;
}

/** Where the columns stand on the axis. */
export function gridPlaces({ from, to, width }: Pick<GridInput, 'from' | 'to' | 'width'>): number[] {
  const step = (to - from) / width;
  return [from, ...Array.from({ length: width }, (_, at) => from + (at + 0.5) * step), to];
}

/** Whether a column has a value of its own: the outermost two say where the line crosses the border. */
export const isOwn = (cells: readonly Cell[], column: number): boolean => column > 0 && column < cells.length - 1 && typeof cells[column] === 'number';

export const ownColumns = (cells: readonly Cell[]): number[] => Array.from(cells, (_, column) => column).filter((column) => isOwn(cells, column));

/** Buckets that are few stand apart; the range of one is drawn at most so many columns wide. */
const WIDEST = 4;

/** How wide the bar of a column is: up to the next one that has values. */
export function barWidth(max: readonly Cell[], column: number): number {
  for (let wide = 1; wide <= WIDEST; wide += 1) if (typeof max[column + wide] === 'number') return wide;
  return 1;
}

export function toGrid({ columns, smoothed, place, from, to, width }: GridInput): Grid {
  const size = width + 2;
  const grid: Grid = { mean: new Array<Cell>(size), min: new Array<Cell>(size), max: new Array<Cell>(size), bad: [], points: 0, entries: 0 };
  const means = smoothed ?? columns.mean;
  const middle = (at: number) => place((columns.from[at]! + columns.to[at]!) / 2);
  const [start, end] = spanOf(columns, { middle, from, to });
  const scale = width / (to - from);
  const sums = new Float64Array(size);
  const weights = new Float64Array(size);
  for (let at = start; at < end; at += 1) {
    const column = 1 + Math.min(width - 1, Math.max(0, Math.floor((middle(at) - from) * scale)));
    const numbers = columns.count[at]! - columns.nan[at]!;
    grid.points += columns.count[at]!;
    grid.entries += 1;
    if ((columns.nan[at]! > 0 || !Number.isFinite(columns.min[at]!) || !Number.isFinite(columns.max[at]!)) && grid.bad.at(-1) !== column) grid.bad.push(column);
    if (!Number.isFinite(means[at]!)) {
      grid.mean[column] ??= null;
      continue;
    }
    sums[column]! += means[at]! * numbers;
    weights[column]! += numbers;
    grid.mean[column] = sums[column]! / weights[column]!;
    grid.min[column] = Math.min(grid.min[column] ?? Infinity, finiteOr(columns.min[at]!, means[at]!));
    grid.max[column] = Math.max(grid.max[column] ?? -Infinity, finiteOr(columns.max[at]!, means[at]!));
  }
  if (start > 0) edge(grid, 0, { before: start - 1, at: from, middle, means, length: columns.length });
  if (end < columns.length && end > 0) edge(grid, size - 1, { before: end - 1, at: to, middle, means, length: columns.length });
  return grid;
}

const finiteOr = (value: number, other: number) => (Number.isFinite(value) ? value : other);

/** The entries that stand within the span: the first one, and the one after the last. */
function spanOf({ length }: Columns, { middle, from, to }: { middle: (at: number) => number; from: number; to: number }): [number, number] {
  return [firstWhere(length, (at) => middle(at) >= from), firstWhere(length, (at) => middle(at) > to)];
}

/** Where the line between two neighbours crosses the border. */
function edge(grid: Grid, column: number, { before, at, middle, means, length }: { before: number; at: number; middle: (at: number) => number; means: ArrayLike<number>; length: number }): void {
  const after = before + 1;
  if (after >= length || !Number.isFinite(means[before]!) || !Number.isFinite(means[after]!)) return;
  const [a, b] = [middle(before), middle(after)];
  const share = b > a ? (at - a) / (b - a) : 1;
  grid.mean[column] = means[before]! + (means[after]! - means[before]!) * share;
}

// Which values a chart shows.
import type { Grid } from './grid.js';

export interface RangeInput {
  /** Curves that are shown whole: those by epoch. */
  whole: readonly Grid[];
  /** Curves of single batches. */
  raw: readonly Grid[];
  /** Also the outermost hundredth of the batches: the first ones of a run would else press the rest of its curve flat. */
  full: boolean;
  log: boolean;
  /** The least and the greatest possible value. */
  limits: readonly [number, number];
}

export function rangeOf({ whole, raw, full, log, limits }: RangeInput): [number, number] {
  const isShown = (value: number | null | undefined): value is number => typeof value === 'number' && Number.isFinite(value) && (!log || value > 0);
  const kept = whole.flatMap(({ mean, min, max }) => [...mean, ...min, ...max]).filter(isShown);
  const sorted = raw.flatMap(({ min, max }) => [...min, ...max]).filter(isShown).sort((a, b) => a - b);
  if (sorted.length > 0) kept.push(quantile(sorted, full ? 0 : 0.01), quantile(sorted, full ? 1 : 0.99));
  if (kept.length === 0) return log ? [0.1, 10] : Number.isFinite(limits[1]) ? [limits[0], limits[1]] : [0, 1];
  const low = kept.reduce((a, b) => Math.min(a, b));
  const high = kept.reduce((a, b) => Math.max(a, b));
  if (log) return high > low * 1.02 ? [low / 1.1, high * 1.1] : [low / 2, high * 2];
  const pad = high > low ? (high - low) * 0.06 : Math.max(Math.abs(high) * 0.1, 1e-9);
  return [Math.max(limits[0], low - pad), Math.min(limits[1], high + pad)];
}

/** The value that `share` of the sorted ones lie below. */
const quantile = (sorted: readonly number[], share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;

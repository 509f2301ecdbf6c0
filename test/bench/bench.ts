// What `npm run bench` knows of each bench.
import type { ParseArgsConfig } from 'node:util';
import { isMet, type Bar, type BenchRow } from './measure.js';

export type BenchTable = Record<string, Record<string, string | number>>;

export interface BenchResult {
  /** For machines. */
  rows: readonly object[];
  /** For people, in the order to print. */
  tables: readonly BenchTable[];
}

/** What `parseArgs` makes of the options. */
export type BenchValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

export interface Bench {
  options: NonNullable<ParseArgsConfig['options']>;
  /** @throws UsageError for options that make no sense */
  run(values: BenchValues): Promise<BenchResult>;
}

export class UsageError extends Error {}

export const formatNumber = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 });

const formatBar = (bar: Bar) => ('atLeast' in bar ? `>= ${formatNumber(bar.atLeast)}` : `<= ${formatNumber(bar.atMost)}`);

export function rowsTable(rows: readonly BenchRow[]): BenchTable {
  return Object.fromEntries(rows.map(({ what, median, min, max, unit, bar }) => [
    what,
    {
      median: formatNumber(median), min: formatNumber(min), max: formatNumber(max), unit,
      bar: bar === undefined ? '' : `${formatBar(bar)}: ${isMet(median, bar) ? 'ok' : 'FALLS SHORT'}`,
    },
  ]));
}

/** @throws UsageError */
export function wholeNumber(values: BenchValues, name: string, most: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UsageError(`--${name} takes a whole number from 1 to ${most}`);
}

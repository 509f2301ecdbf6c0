// What `npm run bench` knows of each bench.
import type { ParseArgsConfig } from 'node:util';

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

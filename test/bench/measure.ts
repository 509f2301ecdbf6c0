// Arithmetic and /proc readings of the benches.
import { readFileSync } from 'node:fs';

/** What a figure must be at least, or at most. */
export type Bar = { atLeast: number } | { atMost: number };

export interface BenchRow {
  what: string;
  median: number;
  min: number;
  max: number;
  unit: string;
  bar?: Bar;
}

/** NaN is never enough. */
export function isMet(value: number, bar: Bar): boolean {
  return 'atLeast' in bar ? value >= bar.atLeast : value <= bar.atMost;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** The middle value, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? NaN) + (sorted[Math.floor(half)] ?? NaN)) / 2;
}

/** Its bar is for the median. */
export function row(what: string, values: readonly number[], unit: string, bar?: Bar): BenchRow {
  return { what, median: median(values), min: Math.min(...values), max: Math.max(...values), unit, ...(bar === undefined ? {} : { bar }) };
}

/** Memory that a process would free by ending: its proportional share, in MB (10^6). */
export function memoryMB(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return (Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? NaN) * 1024) / 1e6;
}

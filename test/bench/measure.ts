// Arithmetic and /proc readings of the benches.
import { readFileSync } from 'node:fs';

export interface BenchRow {
  what: string;
  median: number;
  min: number;
  max: number;
  unit: string;
  /** What it should be. */
  bar?: string;
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

export function row(what: string, values: readonly number[], unit: string, bar?: string): BenchRow {
  return { what, median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values), unit, ...(bar === undefined ? {} : { bar }) };
}

/** Memory that a process would free by ending: its proportional share, in MB (10^6). */
export function memoryMB(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return (Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? NaN) * 1024) / 1e6;
}

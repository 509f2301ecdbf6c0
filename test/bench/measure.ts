// Arithmetic and /proc readings of the benches.
import { execFileSync } from 'node:child_process';
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

export function row(what: string, values: readonly number[], unit: string, bar?: string): BenchRow {
  return { what, median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values), unit, ...(bar === undefined ? {} : { bar }) };
}

/** Memory that a process would free by ending: its proportional share, in MB (10^6). */
export function memoryMB(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return (Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? NaN) * 1024) / 1e6;
}

/** All processes below one, with it, by what they are. */
export function processTree(root: number): { pid: number; name: string }[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const all = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)).filter((match) => match !== null).map((match) => ({ pid: Number(match[1]), parent: Number(match[2]), name: match[3] ?? '' }));
  const found = [root];
  for (const pid of found) found.push(...all.filter((one) => one.parent === pid && !found.includes(one.pid)).map((one) => one.pid));
  return all.filter((one) => found.includes(one.pid));
}

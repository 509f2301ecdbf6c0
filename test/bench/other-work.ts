// How much of the machine's processors went to anybody but the bench, from the system's own accounts.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Of `utime` and `stime` in /proc; Linux has had 100 for decades. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process with all its threads, in ms; 0 where it cannot be read. */
export function processMs(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

interface Account {
  /** Of all processors together, in ms. */
  total: number;
  busy: number;
  ours: number;
}

function account(pids: readonly number[]): Account {
  const times = cpus().map((cpu) => cpu.times);
  const total = times.reduce((sum, { user, nice, sys, irq, idle }) => sum + user + nice + sys + irq + idle, 0);
  const idle = times.reduce((sum, one) => sum + one.idle, 0);
  return { total, busy: total - idle, ours: pids.reduce((sum, pid) => sum + processMs(pid), 0) };
}

/** Starts counting; the answer tells the share of the processors, 0 to 1, that went to other processes than these. */
export function watchOtherWork(pids: readonly number[]): () => number {
  const before = account(pids);
  return () => {
    const after = account(pids);
    const others = after.busy - before.busy - (after.ours - before.ours);
    return Math.max(0, others / (after.total - before.total));
  };
}

// What Linux says of processes and of the box; null, everywhere else. See proc(5).
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

export interface ProcessReading {
  /** What it has computed since it began, in seconds of one core. */
  cpuSeconds: number;
  rssMiB: number;
  /** The most it ever had. */
  peakRssMiB: number;
}

/** In which /proc counts time, on every architecture: USER_HZ. */
const TICKS_PER_SECOND = 100;

/** Null where it is not to be had, or there is no such process. */
export function readProcess(pid: number): ProcessReading | null {
  const stat = statOf(pid);
  // In kB, while `statm` counts pages, and those are not of the same size everywhere.
  const status = read(`/proc/${pid}/status`);
  const [rss, peak] = [sizeIn(status, 'VmRSS'), sizeIn(status, 'VmHWM')];
  // One that has ended and was not waited for has no memory any more.
  if (stat === null || rss === null) return null;
  return { cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND, rssMiB: rss, peakRssMiB: peak ?? rss };
}

/** Null where it is not to be had, or there is no such process. */
export function parentOf(pid: number): number | null {
  const stat = statOf(pid);
  return stat === null ? null : Number(stat[1]);
}

/** What is not to be had without taking it from somebody. */
export function boxMemoryUsedMiB(): number {
  const available = sizeIn(read('/proc/meminfo'), 'MemAvailable');
  return Math.round(totalmem() / 2 ** 20 - (available ?? freemem() / 2 ** 20));
}

/** The fields from the third on, the state; the second, a name, may hold anything. */
function statOf(pid: number): string[] | null {
  const text = read(`/proc/${pid}/stat`);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** A line such as `VmRSS:   1234 kB`, in MiB. */
function sizeIn(text: string | null, name: string): number | null {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text ?? '')?.[1];
  return kib === undefined ? null : Math.round(Number(kib) / 1024);
}

function read(file: string): string | null {
  if (process.platform !== 'linux') return null;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

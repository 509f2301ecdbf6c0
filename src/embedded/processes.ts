// Asking the kernel about other processes.
import { readFileSync, statSync } from 'node:fs';
import { codeOf } from './errors.js';

/** True while a process of this number exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/**
 * True when the process is alive and a PostgreSQL server of this very cluster, not a stranger with a recycled number
 * (common in containers, where numbers are low). A server's working directory is its cluster. Where there is no
 * /proc, any live process counts, and connecting with the cluster's password tells the rest.
 */
export function isPostmasterOf(pid: number, clusterDir: string): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    if (!readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres')) return false;
    const [its, ours] = [statSync(`/proc/${pid}/cwd`), statSync(clusterDir)];
    return its.ino === ours.ino && its.dev === ours.dev;
  } catch {
    return false;
  }
}

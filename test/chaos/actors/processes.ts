// Which processes belong to a service: those that carry its mark in their environment, and those that work in its
// folder, which is how the database is known. Linux only, as it reads /proc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The variable that carries the mark; whatever the service starts inherits it. */
export const MARK = 'CHAOS_MARK';

export type Role = 'api' | 'supervisor' | 'trainer' | 'database' | 'other';

export interface Found {
  pid: number;
  role: Role;
  /** Its command line. */
  name: string;
}

const ROLES: readonly [Role, RegExp][] = [
  ['api', /src\/server\.js/],
  ['supervisor', /workers\/supervisor\.js/],
  ['trainer', /workers\/trainer\.js/],
  ['database', /(^|\/)postgres(?=[: ]|$)|trainyard-postgres-watchdog/],
];

/** What is asked of a process that may end at any moment. */
function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** In the order of their numbers. Processes that have ended and wait for their parent are none. */
export function processesOf({ mark, folder }: { mark: string; folder: string }): Found[] {
  const found: Found[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const isMarked = orEmpty(() => readFileSync(`/proc/${pid}/environ`, 'latin1')).split('\0').includes(`${MARK}=${mark}`);
    const worksThere = orEmpty(() => readlinkSync(`/proc/${pid}/cwd`)).startsWith(`${folder}/`);
    if (!isMarked && !worksThere) continue;
    const name = orEmpty(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
    if (name === '') continue;
    found.push({ pid, name, role: ROLES.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other' });
  }
  return found.sort((a, b) => a.pid - b.pid);
}

/** Whether there was such a process. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    // 0 would be ourselves.
    return pid > 0 && process.kill(pid, name);
  } catch {
    return false;
  }
}

// Names the one PostgreSQL server of a test run. tap gives its test programs no common variable, but they have a
// common parent, the runner; a test program started by hand is its own run.
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const RUN_DIR_PREFIX = 'trainyard-test-';

/** The database that test databases are clones of. */
export const TEMPLATE = 'trainyard_template';

export interface TestRun {
  /** The process whose end is the end of the run. */
  pid: number;
  /** When it started, so that a recycled number is not taken for it. '' where the system does not tell. */
  startedAt: string;
  /** Holds the server's data, `ready.json` or `failed.txt`, `keeper.pid` and `keeper.log`. */
  dir: string;
}

export function currentRun(): TestRun {
  return describeRun(process.env.TAP_CHILD_ID === undefined ? process.pid : process.ppid);
}

/** The run of tap's `after` script, which is a child of the runner, too. */
export function parentRun(): TestRun {
  return describeRun(process.ppid);
}

export function isRunAlive({ pid, startedAt }: TestRun): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return startTime(pid) === startedAt;
}

/** A run from its directory's name, or null where the name is not one. */
export function parseRunDir(name: string): TestRun | null {
  const match = new RegExp(`^${RUN_DIR_PREFIX}(\\d+)-(\\d*)$`).exec(name);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { pid: Number(match[1]), startedAt: match[2], dir: join(tmpdir(), name) };
}

function describeRun(pid: number): TestRun {
  const startedAt = startTime(pid);
  return { pid, startedAt, dir: join(tmpdir(), `${RUN_DIR_PREFIX}${pid}-${startedAt}`) };
}

/** Clock ticks since boot, field 22 of /proc/<pid>/stat; the name before it may hold spaces and brackets. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A runner that is dead but not yet reaped counts as gone.
    return afterName[0] === 'Z' ? 'gone' : (afterName[19] ?? '');
  } catch {
    return '';
  }
}

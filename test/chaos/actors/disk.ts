// A disk that is full: small file systems in memory under the store and the scratch folder where we may mount them,
// else the limit on the size of files, lowered to nothing on living processes (they are told EFBIG then, not ENOSPC).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestScope } from '../../helpers/postgres.js';

export type DiskMeans = 'mount' | 'limit';

export interface DiskActor {
  fill(): Promise<boolean>;
  free(): Promise<void>;
}

const FILLER = '.filler';
const SIZE = '48m';

const succeeds = (program: string, ...args: string[]) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;
const mount = (folder: string) => succeeds('mount', '-t', 'tmpfs', '-o', `size=${SIZE},mode=0755`, 'trainyard-chaos', folder);
/** Lazily: a process that is being killed may still hold a file. */
const unmount = (folder: string) => succeeds('umount', '-l', folder);

/** Null where neither is possible. */
export function diskMeans(): DiskMeans | null {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-chaos-mount-'));
  try {
    if (mount(folder)) {
      unmount(folder);
      return 'mount';
    }
    return succeeds('prlimit', '--pid', String(process.pid), '--fsize') ? 'limit' : null;
  } finally {
    rmdirSync(folder);
  }
}

/** @param folders those whose disk it is; made when missing */
export function mountedDisk(scope: TestScope, folders: readonly string[]): DiskActor {
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    if (!mount(folder)) throw new Error(`${folder} could not be mounted`);
    const leave = () => void unmount(folder);
    process.once('exit', leave);
    scope.teardown(() => {
      process.off('exit', leave);
      leave();
    });
  }
  return {
    async fill() {
      for (const folder of folders) await fill(join(folder, FILLER));
      return true;
    },
    async free() {
      for (const folder of folders) await rm(join(folder, FILLER), { force: true });
    },
  };
}

/** Processes that are started while it is full inherit the limit. */
export function limitedDisk(processes: () => number[]): DiskActor {
  // The soft limit alone, which whoever lowered it may raise again.
  const limit = (value: string) => processes().filter((pid) => succeeds('prlimit', '--pid', String(pid), `--fsize=${value}:`));
  return {
    fill: async () => limit('0').length > 0,
    free: async () => void limit('unlimited'),
  };
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    // In ever smaller pieces, to the last byte.
    for (let bytes = 1024 * 1024; bytes >= 1; bytes = Math.floor(bytes / 4)) {
      const piece = Buffer.alloc(bytes);
      for (;;) {
        const { bytesWritten } = await file.write(piece).catch(() => ({ bytesWritten: 0 }));
        if (bytesWritten < bytes) break;
      }
    }
  } finally {
    await file.close();
  }
}

/** Whether a file of the store is the harness' own. */
export const isFiller = (name: string) => name === FILLER;


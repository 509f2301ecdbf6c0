// Scratch folders of trainers, below one folder per supervisor that carries its host and pid, so that the next
// supervisor of the box finds and frees what a killed one left. Of other hosts, as every new container is one, only
// the time tells.
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface ScratchOwner {
  host: string;
  pid: number;
}

const nameOf = ({ host, pid }: ScratchOwner) => `${encodeURIComponent(host)}.${pid}`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Makes this supervisor's folder and frees those of dead ones of the same host. Answers its path. */
export async function openScratch(folder: string, owner: ScratchOwner): Promise<string> {
  const own = join(folder, nameOf(owner));
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const pid = Number(name.slice(name.lastIndexOf('.') + 1));
    const isOurs = name === nameOf({ host: owner.host, pid });
    if (isOurs && (pid === owner.pid || !isAlive(pid))) await rm(join(folder, name), { recursive: true, force: true });
  }
  await mkdir(own);
  return own;
}

/** Frees the folders of supervisors, of any host, that are not among those `heardOf`, and did not change since `before`, in ms since 1970. */
export async function sweepScratch(folder: string, { heardOf, before }: { heardOf: readonly ScratchOwner[]; before: number }): Promise<void> {
  const names = new Set(heardOf.map(nameOf));
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!names.has(name) && (await stat(path)).ctimeMs < before) await rm(path, { recursive: true, force: true });
  }
}

export async function closeScratch(own: string): Promise<void> {
  await rm(own, { recursive: true, force: true });
}

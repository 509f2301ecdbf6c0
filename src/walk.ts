// The files below a folder as the file system has them.
import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface FoundFile {
  /** Below the folder, with slashes. */
  path: string;
  bytes: number;
  /** What it takes of the disk, whose blocks it fills in part. */
  diskBytes: number;
  /** The latest change of its bytes, its names or its mode, in ms since 1970; nobody can set it back. */
  changedAt: number;
  /** The same for all names of one file; null where it has no other. */
  identity: string | null;
}

/** One folder's files at a time; links are not followed. What vanishes meanwhile or may not be read is passed over. */
export async function* walk(folder: string, below = ''): AsyncGenerator<FoundFile[]> {
  const entries = await unlessGone<Dirent[]>(readdir(join(folder, below), { withFileTypes: true }), []);
  const at = ({ name }: Dirent) => (below === '' ? name : `${below}/${name}`);
  const files = await Promise.all(entries.filter((entry) => !entry.isDirectory()).map((entry) => unlessGone(describe(folder, at(entry)), null)));
  yield files.filter((file) => file !== null);
  for (const entry of entries) if (entry.isDirectory()) yield* walk(folder, at(entry));
}

async function describe(folder: string, path: string): Promise<FoundFile> {
  const { size, blocks, ctimeMs, nlink, dev, ino } = await lstat(join(folder, path));
  // Windows counts no blocks.
  return { path, bytes: size, diskBytes: (blocks ?? Math.ceil(size / 512)) * 512, changedAt: ctimeMs, identity: nlink > 1 ? `${dev}:${ino}` : null };
}

async function unlessGone<T>(found: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await found;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return otherwise;
    throw error;
  }
}

// Copies of stored files on the disk of this box. A copy is looked at when it has come as a whole: its bytes are those
// of its name. The latest used stay within a bound; what is in use has a second name, a link, of which removing the
// first takes nothing. So any number of processes may share the folder.
import { createReadStream } from 'node:fs';
import { constants, copyFile, link, lstat, mkdir, open, readdir, rename, rm, utimes } from 'node:fs/promises';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { digest, type LocalFile } from './store.js';
import { StoreError } from './store-error.js';

export interface FileCacheOptions {
  folder: string;
  /** What the copies may take, but for those that are in use. */
  limitBytes: number;
  fetch(sha256: string): AsyncIterable<Uint8Array>;
}

export interface FileCache {
  /** Fetches what is not there; those who ask for the same at once wait for one fetch. @throws StoreError, Node's file errors */
  hold(sha256: string): Promise<LocalFile>;
  /** Sees to it that the copy is sound: reads it, or fetches it anew. @throws StoreError, Node's file errors */
  verify(sha256: string): Promise<void>;
  remove(sha256: string): Promise<void>;
  /** Removes halves of copies that began before this time, and links that are a day older. Answers how many files. */
  sweep(before: number): Promise<number>;
}

/** Links that a killed process left. Whoever has held one for a day has long read it. */
const HELD_MS = 24 * 3600_000;

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

export function createFileCache({ folder, limitBytes, fetch }: FileCacheOptions): FileCache {
  const [files, incoming, held] = ['files', 'incoming', 'held'].map((name) => join(folder, name)) as [string, string, string];
  const fetching = new Map<string, Promise<void>>();
  const placeOf = (sha256: string) => join(files, sha256);
  /** The time is in the name: that of the file is shared by all its links. */
  const temporary = (place: string) => join(place, `${Date.now()}-${randomUUID()}`);

  async function download(sha256: string): Promise<void> {
    for (const place of [files, incoming, held]) await mkdir(place, { recursive: true });
    const half = temporary(incoming);
    try {
      const handle = await open(half, 'wx', 0o640);
      try {
        const hash = createHash('sha256');
        for await (const chunk of fetch(sha256)) {
          hash.update(chunk);
          await handle.writeFile(chunk);
        }
        if (hash.digest('hex') !== sha256) throw new StoreError('damaged', { code: sha256 });
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(half, placeOf(sha256));
    } finally {
      await rm(half, { force: true });
    }
  }

  /** Answers whether it was fetched now, and else marks it as the latest used. */
  async function ensure(sha256: string): Promise<boolean> {
    const now = new Date();
    const isThere = await utimes(placeOf(sha256), now, now).then(
      () => true,
      // Another user's file can be read, and not marked.
      (error: unknown) => codeOf(error) !== 'ENOENT',
    );
    if (isThere) return false;
    const under = fetching.get(sha256) ?? download(sha256).finally(() => fetching.delete(sha256));
    fetching.set(sha256, under);
    await under;
    return true;
  }

  /** Brings the copies back within the bound, the least recently used first. */
  async function evict(): Promise<void> {
    const names = await readdir(files).catch(() => []);
    const found = await Promise.all(names.map((name) => lstat(join(files, name)).then(({ size, mtimeMs, nlink }) => ({ name, size, mtimeMs, nlink }), () => null)));
    const copies = found.filter((copy) => copy !== null).sort((a, b) => a.mtimeMs - b.mtimeMs);
    let bytes = copies.reduce((sum, { size }) => sum + size, 0);
    for (const { name, size, nlink } of copies) {
      if (bytes <= limitBytes) return;
      if (nlink > 1) continue;
      await rm(join(files, name), { force: true });
      bytes -= size;
    }
  }

  async function take(sha256: string): Promise<string> {
    for (;;) {
      await ensure(sha256);
      const path = temporary(held);
      try {
        await link(placeOf(sha256), path).catch((error: unknown) => {
          if (codeOf(error) === 'ENOENT') throw error;
          // There are file systems without links.
          return copyFile(placeOf(sha256), path, constants.COPYFILE_FICLONE);
        });
        return path;
      } catch (error) {
        await rm(path, { force: true });
        // Another process removed it in between, or nobody has made the folder yet.
        if (codeOf(error) !== 'ENOENT') throw error;
        await mkdir(held, { recursive: true });
      }
    }
  }

  return {
    async hold(sha256) {
      const path = await take(sha256);
      await evict();
      const release = async () => {
        await rm(path, { force: true });
        await evict();
      };
      return { path, release };
    },

    async verify(sha256) {
      if (await ensure(sha256)) return;
      const found = await digest(createReadStream(placeOf(sha256))).catch(() => null);
      if (found?.sha256 === sha256) return;
      await rm(placeOf(sha256), { force: true });
      await ensure(sha256);
    },

    remove: (sha256) => rm(placeOf(sha256), { force: true }),

    async sweep(before) {
      let count = 0;
      for (const [place, limit] of [[incoming, before], [held, before - HELD_MS]] as const) {
        for (const name of await readdir(place).catch(() => [])) {
          if (Number(name.split('-', 1)[0]) >= limit) continue;
          await rm(join(place, name), { force: true });
          count += 1;
        }
      }
      return count;
    },
  };
}

// Artifact files on disk, each once, named by the SHA-256 of its bytes. A file appears whole or not at
// all: it is linked or copied beside its place, synced, then renamed.
import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { walk } from '../walk.js';

export interface StoredFile {
  sha256: string;
  bytes: number;
}

export interface AgedFile extends StoredFile {
  /** When it was last put, in ms since 1970. */
  changedAt: number;
}

/** A file that other processes of this box can read, until it is released. */
export interface LocalFile {
  path: string;
  /** Must be called when nobody will open it any more. Idempotent. */
  release(): Promise<void>;
}

/** Storage that is not a folder fails with a StoreError. */
export interface ArtifactStore {
  /** Takes the file's bytes in; it stays where it is, and must not change any more. @throws Node's ENOSPC and EDQUOT errors as they are. */
  put(file: string): Promise<StoredFile>;
  /** Bytes `start` to `end`, both included. */
  read(sha256: string, range?: { start: number; end: number }): Readable;
  /** The stored file, or a copy whose bytes are those of the name, for readers in other processes of this box. */
  localFile(sha256: string): Promise<LocalFile>;
  has(sha256: string): Promise<boolean>;
  /** Whether the bytes are there and are those of the name: they are read. @throws StoreError where that cannot be told now */
  isSound(sha256: string): Promise<boolean>;
  remove(sha256: string): Promise<void>;
  /** All files, a part at a time. */
  list(): AsyncIterable<AgedFile[]>;
  /** Removes what was being put and did not change since `before`, in ms since 1970. Answers how many files. */
  removeIncoming(before: number): Promise<number>;
  /** The first to claim a store owns it. Answers whether that is this one. */
  claim(owner: string): Promise<boolean>;
  /** @throws when it cannot be used now */
  ping(): Promise<void>;
}

const HASH = /^[0-9a-f]{64}$/;
const INCOMING = 'incoming';

/** Where a file is below the store's folder. @throws when that is no hash */
export function placeOf(sha256: string): string {
  if (!HASH.test(sha256)) throw new Error(`not a SHA-256: ${sha256}`);
  return `${sha256.slice(0, 2)}/${sha256}`;
}

/** The hash of a stored file, by its path below the store's folder; null for anything else that lies there. */
export function storedAt(path: string): string | null {
  const [folder, name = '', ...rest] = path.split('/');
  return rest.length === 0 && HASH.test(name) && folder === name.slice(0, 2) ? name : null;
}

/** Whether this is a file that is being put, or was when its process went. */
export const isIncoming = (path: string) => path.startsWith(`${INCOMING}/`);

export function createDiskArtifactStore(folder: string): ArtifactStore {
  const path = (sha256: string) => join(folder, placeOf(sha256));

  return {
    localFile: async (sha256) => ({ path: path(sha256), release: async () => {} }),
    read: (sha256, range) => createReadStream(path(sha256), range),
    remove: (sha256) => rm(path(sha256), { force: true }),
    has: (sha256) => stat(path(sha256)).then(() => true, () => false),

    async isSound(sha256) {
      try {
        return (await digest(createReadStream(path(sha256)))).sha256 === sha256;
      } catch {
        return false;
      }
    },

    async put(file) {
      const incoming = join(folder, INCOMING);
      await mkdir(incoming, { recursive: true });
      const temporary = join(incoming, randomUUID());
      try {
        // Nothing is written twice where both are on one file system that has links.
        await link(file, temporary).catch(() => copyFile(file, temporary, constants.COPYFILE_FICLONE));
        const stored = await seal(temporary);
        await mkdir(join(folder, stored.sha256.slice(0, 2)), { recursive: true });
        await rename(temporary, path(stored.sha256));
        return stored;
      } finally {
        // Also after a success: a rename onto another link of the same file does nothing.
        await rm(temporary, { force: true });
      }
    },

    async *list() {
      for await (const files of walk(folder)) {
        yield files.flatMap(({ path, bytes, changedAt }) => {
          const sha256 = storedAt(path);
          return sha256 === null ? [] : [{ sha256, bytes, changedAt }];
        });
      }
    },

    async removeIncoming(before) {
      let count = 0;
      for await (const files of walk(join(folder, INCOMING))) {
        const old = files.filter(({ changedAt }) => changedAt < before);
        for (const { path: name } of old) await rm(join(folder, INCOMING, name), { force: true });
        count += old.length;
      }
      return count;
    },

    async claim(owner) {
      await mkdir(folder, { recursive: true });
      const file = join(folder, 'owner');
      await writeFile(file, owner, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      return (await readFile(file, 'utf8')) === owner;
    },

    async ping() {
      await mkdir(folder, { recursive: true });
    },
  };
}

/** Hashes the file and brings it onto the disk. Its status changes, so that its age counts from here. */
async function seal(file: string): Promise<StoredFile> {
  const handle = await open(file, 'r+');
  try {
    const stored = await digest(handle.createReadStream({ autoClose: false }));
    await handle.chmod(0o640);
    await handle.sync();
    return stored;
  } finally {
    await handle.close();
  }
}

export async function digest(chunks: AsyncIterable<Uint8Array>): Promise<StoredFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

// Artifact files on disk, each once, named by the SHA-256 of its bytes. A file appears whole or not at
// all: it is linked or copied beside its place, synced, then renamed.
import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export interface StoredFile {
  sha256: string;
  bytes: number;
}

export interface ArtifactStore {
  /** Takes the file's bytes in; it stays where it is, and must not change any more. @throws Node's ENOSPC and EDQUOT errors as they are. */
  put(file: string): Promise<StoredFile>;
  /** Bytes `start` to `end`, both included. */
  read(sha256: string, range?: { start: number; end: number }): Readable;
  /** Path of the stored file, for readers in other processes of this box. */
  path(sha256: string): string;
  has(sha256: string): Promise<boolean>;
  /** Whether the bytes are there and are those of the name. */
  isSound(sha256: string): Promise<boolean>;
  remove(sha256: string): Promise<void>;
}

const HASH = /^[0-9a-f]{64}$/;

export function createDiskArtifactStore(folder: string): ArtifactStore {
  const path = (sha256: string) => {
    if (!HASH.test(sha256)) throw new Error(`not a SHA-256: ${sha256}`);
    return join(folder, sha256.slice(0, 2), sha256);
  };

  return {
    path,
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
      const incoming = join(folder, 'incoming');
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

async function digest(chunks: AsyncIterable<Buffer>): Promise<StoredFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

// Artifact files on disk, each once, named by the SHA-256 of its bytes. A file appears whole or not at
// all: it is written beside its place, synced, then renamed.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export interface StoredFile {
  sha256: string;
  bytes: number;
}

export interface ArtifactStore {
  /** Takes in a copy of the file. @throws Node's ENOSPC and EDQUOT errors as they are. */
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
      const hash = createHash('sha256');
      try {
        for await (const chunk of createReadStream(path(sha256)) as AsyncIterable<Buffer>) hash.update(chunk);
      } catch {
        return false;
      }
      return hash.digest('hex') === sha256;
    },

    async put(file) {
      const incoming = join(folder, 'incoming');
      await mkdir(incoming, { recursive: true });
      const temporary = join(incoming, randomUUID());
      const hash = createHash('sha256');
      let bytes = 0;
      try {
        const out = await open(temporary, 'wx', 0o640);
        try {
          for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
            hash.update(chunk);
            bytes += chunk.length;
            await out.writeFile(chunk);
          }
          await out.sync();
        } finally {
          await out.close();
        }
        const sha256 = hash.digest('hex');
        await mkdir(join(folder, sha256.slice(0, 2)), { recursive: true });
        await rename(temporary, path(sha256));
        return { sha256, bytes };
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
  };
}

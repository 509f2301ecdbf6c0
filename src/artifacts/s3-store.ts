// Artifact files in a bucket that several boxes share, each once, at the keys that the folder has as paths: a folder
// that is copied into a bucket is a store. Other processes read copies, from a bounded cache on the box.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createFileCache } from './file-cache.js';
import { openBucket, type BucketOptions } from './s3-bucket.js';
import { digest, placeOf, storedAt, type ArtifactStore } from './store.js';
import { isDamaged, isMissing } from './store-error.js';

export interface S3StoreOptions extends BucketOptions {
  cache: { folder: string; limitBytes: number };
}

export function createS3ArtifactStore({ cache: { folder, limitBytes }, ...options }: S3StoreOptions): ArtifactStore {
  const bucket = openBucket(options);
  const cache = createFileCache({ folder, limitBytes, fetch: (sha256) => bucket.read(placeOf(sha256)) });

  /** Wrong bytes may come of the way, or of where they are kept: they are asked for once more. */
  const twice = <T>(look: () => Promise<T>): Promise<T> => look().catch((error: unknown) => (isDamaged(error) ? look() : Promise.reject(error)));

  return {
    // The same bytes are not sent again, so their age is that of the first time. The sweep of orphans does not hang on it.
    async put(file) {
      const stored = await digest(createReadStream(file));
      const key = placeOf(stored.sha256);
      if ((await bucket.size(key)) !== stored.bytes) await bucket.send(key, file, stored);
      return stored;
    },

    read(sha256, range) {
      return Readable.from(bucket.read(placeOf(sha256), range), { objectMode: false });
    },

    async localFile(sha256) {
      placeOf(sha256);
      return twice(() => cache.hold(sha256));
    },

    has: async (sha256) => (await bucket.size(placeOf(sha256))) !== null,

    // The copy that is read is the one that the next `localFile` gives.
    async isSound(sha256) {
      placeOf(sha256);
      return twice(() => cache.verify(sha256)).then(
        () => true,
        (error: unknown) => {
          if (isMissing(error) || isDamaged(error)) return false;
          throw error;
        },
      );
    },

    async remove(sha256) {
      await bucket.remove(placeOf(sha256));
      await cache.remove(sha256);
    },

    async *list() {
      for await (const objects of bucket.list()) {
        yield objects.flatMap(({ key, bytes, changedAt }) => {
          const sha256 = storedAt(key);
          return sha256 === null ? [] : [{ sha256, bytes, changedAt }];
        });
      }
    },

    async removeIncoming(before) {
      let count = await cache.sweep(before);
      for await (const uploads of bucket.uploads()) {
        const old = uploads.filter(({ startedAt }) => startedAt < before);
        for (const { key, id } of old) await bucket.abort(key, id);
        count += old.length;
      }
      return count;
    },

    async claim(owner) {
      const current = async () => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of bucket.read('owner')) chunks.push(chunk);
        return Buffer.concat(chunks).toString();
      };
      // It is looked for first: a server that knows no conditions would write over it.
      const found = await current().catch((error: unknown) => (isMissing(error) ? null : Promise.reject(error)));
      if (found !== null) return found === owner;
      await bucket.create('owner', owner);
      return (await current()) === owner;
    },

    ping: () => bucket.ping(),
  };
}

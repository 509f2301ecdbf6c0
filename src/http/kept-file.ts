// What a file, or a folder, comes to, read again when it has changed.
import { stat } from 'node:fs/promises';

/** The clock of a file system may stand still for some milliseconds, in which more changes. */
const SETTLED_MS = 1000;

/** Null where it cannot be read: it is not there, or about to be another one. */
export function keptWhileUnchanged<T>(path: string, read: (path: string) => Promise<T>): () => Promise<T | null> {
  let kept: { mark: string; value: T } | null = null;
  return async () => {
    try {
      const { mtimeMs, ino, size } = await stat(path);
      const mark = `${mtimeMs} ${ino} ${size}`;
      if (kept?.mark === mark) return kept.value;
      const value = await read(path);
      kept = Math.abs(Date.now() - mtimeMs) > SETTLED_MS ? { mark, value } : null;
      return value;
    } catch {
      return null;
    }
  };
}

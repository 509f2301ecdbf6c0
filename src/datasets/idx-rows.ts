// Single rows out of a large IDX file, each read where it lies: nothing of the file stays in memory.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { DataFileError } from './data-file-error.js';
import { MAX_HEADER_BYTES, parseIdxHeader } from './idx.js';

export class IdxRows {
  readonly #path: string;
  readonly #sha256: string;
  #checked: Promise<void> | null = null;

  constructor(path: string, sha256: string) {
    this.#path = path;
    this.#sha256 = sha256;
  }

  /**
   * The rows, in the order of `indices`, which must be among those of the file. The first call reads the whole file once
   * to see that it is the right one.
   * @throws DataFileError when it is missing or damaged
   */
  async read(indices: readonly number[]): Promise<Uint8Array[]> {
    await (this.#checked ??= this.#check().catch((error: unknown) => {
      this.#checked = null; // it may be mended
      throw error;
    }));
    const file = await open(this.#path).catch((error: unknown) => this.#unreadable(error));
    try {
      const { shape, start } = parseIdxHeader(await readAt(file, 0, MAX_HEADER_BYTES));
      const size = shape.slice(1).reduce((product, length) => product * length, 1);
      return await Promise.all(indices.map((index) => readAt(file, start + index * size, size)));
    } finally {
      await file.close();
    }
  }

  async #check(): Promise<void> {
    const hash = createHash('sha256');
    await pipeline(createReadStream(this.#path), hash).catch((error: unknown) => this.#unreadable(error));
    const found = hash.digest('hex');
    if (found !== this.#sha256) throw new DataFileError(this.#path, `is damaged: its SHA-256 is ${found}, not ${this.#sha256}`);
  }

  #unreadable(cause: unknown): never {
    throw new DataFileError(this.#path, `cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, cause);
  }
}

/** `length` bytes, or fewer at the end of the file. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

// What waits to be written, in order. It begins in memory and goes on in a file, so that while the database is away an
// attempt costs disk rather than memory. It does not outlive its process: a run that is lost with its supervisor is
// taken up from a training state that is in the index, so before all that waits here.
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { NewEvent } from '../src/schemas/event.js';

export type Entry = { kind: 'event'; event: NewEvent } | { kind: 'act'; act: () => Promise<void> };

/** As it is in the file, where an act is a number. */
type Filed = { kind: 'event'; event: NewEvent } | { kind: 'act'; act: number };

export interface SpoolOptions {
  /** Made when it is needed. */
  file: string;
  /** Entries at either end that are kept in memory. */
  memoryLimit: number;
  /** The file cannot be written; what would go there waits in memory. */
  onError(error: unknown): void;
}

export class Spool {
  readonly #options: SpoolOptions;
  /** The oldest entries, which are followed by those in the file, which are followed by the newest. */
  #head: Entry[] = [];
  #tail: Entry[] = [];
  /** Bytes of each block in the file, the oldest first; a block is what was the tail once. */
  #blocks: number[] = [];
  #readAt = 0;
  #writeAt = 0;
  #fd: number | null = null;
  readonly #acts: (() => Promise<void>)[] = [];

  constructor(options: SpoolOptions) {
    this.#options = options;
  }

  push(entry: Entry): void {
    const { memoryLimit } = this.#options;
    const isShort = this.#blocks.length === 0 && this.#tail.length === 0 && this.#head.length < memoryLimit;
    (isShort ? this.#head : this.#tail).push(entry);
    if (this.#tail.length > 0 && this.#tail.length % memoryLimit === 0) this.#file();
  }

  /** The oldest entries, as many as are at hand; empty when nothing waits. @throws Node's file errors */
  peek(): readonly Entry[] {
    if (this.#head.length === 0) this.#head = this.#blocks.length > 0 ? this.#readBlock() : this.#tail.splice(0);
    return this.#head;
  }

  /** Forgets the oldest `count` of those that `peek` answers. */
  drop(count: number): void {
    this.#head.splice(0, count);
  }

  /** Forgets everything. */
  close(): void {
    [this.#head, this.#tail, this.#blocks] = [[], [], []];
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #file(): void {
    const filed = this.#tail.map((entry): Filed => (entry.kind === 'event' ? entry : { kind: 'act', act: this.#acts.push(entry.act) - 1 }));
    try {
      const bytes = serialize(filed);
      this.#fd ??= openSync(this.#options.file, 'w+', 0o600);
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done, bytes.length - done, this.#writeAt + done);
      this.#writeAt += bytes.length;
      this.#blocks.push(bytes.length);
      this.#tail = [];
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #readBlock(): Entry[] {
    const bytes = Buffer.alloc(this.#blocks[0]!);
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(this.#fd!, bytes, done, bytes.length - done, this.#readAt + done);
      if (count === 0) throw new Error(`${this.#options.file} was cut short`);
      done += count;
    }
    this.#readAt += bytes.length;
    this.#blocks.shift();
    if (this.#blocks.length === 0) {
      ftruncateSync(this.#fd!);
      [this.#readAt, this.#writeAt] = [0, 0];
    }
    return (deserialize(bytes) as Filed[]).map((entry): Entry => (entry.kind === 'event' ? entry : { kind: 'act', act: this.#acts[entry.act]! }));
  }
}

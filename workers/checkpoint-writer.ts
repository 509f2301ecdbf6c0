// Writes training states as files while training goes on. One is written at a time; of those that come meanwhile the
// latest is kept, as it is worth more than those before it.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeCheckpoint } from '../src/ml/checkpoint-file.js';
import type { CheckpointReport } from '../src/ml/reports.js';

export interface CheckpointWriterOptions {
  folder: string;
  onWritten(written: { file: string } & Pick<CheckpointReport, 'epoch' | 'step' | 'metrics'>): void;
  /** A state could not be written; the next one is tried all the same. */
  onError(error: unknown): void;
}

export class CheckpointWriter {
  readonly #options: CheckpointWriterOptions;
  #waiting: CheckpointReport | null = null;
  #writing: Promise<void> | null = null;
  #count = 0;

  constructor(options: CheckpointWriterOptions) {
    this.#options = options;
  }

  write(report: CheckpointReport): void {
    this.#waiting = report;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when nothing is left to write. */
  async settled(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  async #drain(): Promise<void> {
    while (this.#waiting !== null) {
      const { state, epoch, step, metrics } = this.#waiting;
      this.#waiting = null;
      this.#count += 1;
      const file = `checkpoint-${this.#count}.safetensors`;
      try {
        const out = await open(join(this.#options.folder, file), 'wx');
        try {
          // All or an error: a short write is gone on with.
          for (const piece of encodeCheckpoint(state)) await out.writeFile(piece);
        } finally {
          await out.close();
        }
        this.#options.onWritten({ file, epoch, step, metrics });
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }
}

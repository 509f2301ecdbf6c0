// A run's files in memory: their index and their bytes.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { isWithin, type ArtifactRepository } from '../../src/artifacts/artifact-repository.js';
import type { AgedFile, ArtifactStore, LocalFile, StoredFile } from '../../src/artifacts/store.js';
import { toMetricValues } from '../../src/metrics/values.js';
import { hasEnded } from '../../src/portable/run-states.js';
import type { FakeRecords } from './records.js';

export function createFakeArtifactRepository(records: FakeRecords): ArtifactRepository {
  return {
    async list(runId) {
      await records.statement();
      return structuredClone([...(records.runs.get(runId)?.artifacts.values() ?? [])]).sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    async find(runId, path) {
      await records.statement();
      return structuredClone(records.runs.get(runId)?.artifacts.get(path) ?? null);
    },
    async addCheckpoint(fence, { files, ...checkpoint }) {
      await records.statement();
      await records.storeReleased();
      const record = records.held(fence);
      record.checkpoints.delete(checkpoint.path);
      record.checkpoints.set(checkpoint.path, checkpoint);
      if (checkpoint.kind === 'final') record.run.keptEpoch = checkpoint.epoch;
      const before = files.flatMap(({ path }) => record.artifacts.get(path)?.sha256 ?? []);
      for (const file of files) record.artifacts.set(file.path, { ...file, createdAt: new Date(records.now()) });
      return before.filter((hash) => !files.some(({ sha256 }) => sha256 === hash));
    },
    async resumeCheckpoints(runId) {
      await records.statement();
      const record = records.runs.get(runId);
      const states = [...(record?.checkpoints.values() ?? [])].filter(({ kind }) => kind === 'resume').reverse().sort((a, b) => b.step - a.step);
      return states.map(({ path, step, epoch, metrics }) => ({ path, step, epoch, metrics: toMetricValues(metrics), sha256: record?.artifacts.get(path)?.sha256 ?? '' }));
    },
    async removeCheckpoints(runId, paths) {
      await records.statement();
      const record = records.runs.get(runId);
      const hashes = paths.flatMap((path) => record?.artifacts.get(path)?.sha256 ?? []);
      for (const path of paths) {
        record?.artifacts.delete(path);
        record?.checkpoints.delete(path);
      }
      return hashes;
    },
    async removeFiles(runId, path) {
      await records.statement();
      const record = records.runs.get(runId);
      if (record === undefined || !hasEnded(record.run.state)) return null;
      const files = [...record.artifacts.values()].filter((file) => isWithin(file.path, path));
      for (const file of files) {
        record.artifacts.delete(file.path);
        for (const checkpoint of record.checkpoints.keys()) if (isWithin(file.path, checkpoint)) record.checkpoints.delete(checkpoint);
      }
      if (![...record.checkpoints.values()].some(({ kind }) => kind === 'final')) record.run.keptEpoch = null;
      return files.map(({ sha256 }) => sha256);
    },
    async unreferenced(hashes) {
      await records.statement();
      return unreferenced(records, hashes);
    },
    async free(hashes, remove) {
      await records.statement();
      await records.holdStore(async () => {
        for (const hash of unreferenced(records, hashes)) await remove(hash);
      });
    },
  };
}

function unreferenced(records: FakeRecords, hashes: readonly string[]): string[] {
  const used = new Set([...records.runs.values()].flatMap((record) => [...record.artifacts.values()].map((artifact) => artifact.sha256)));
  return [...new Set(hashes)].filter((hash) => !used.has(hash));
}

export class FakeArtifactStore implements ArtifactStore {
  readonly files = new Map<string, Buffer>();
  /** By hash, in ms since 1970. */
  readonly changedAt = new Map<string, number>();
  /** When each file that is being put began to be. */
  incoming: number[] = [];
  owner: string | null = null;
  /** Streams that were opened, to see that none is left open. */
  readonly opened: Readable[] = [];

  async put(file: string): Promise<StoredFile> {
    return this.add(await readFile(file));
  }

  add(content: Buffer | string): StoredFile {
    const bytes = Buffer.from(content);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.files.set(sha256, bytes);
    this.changedAt.set(sha256, Date.now());
    return { sha256, bytes: bytes.length };
  }

  /** A file that is not there fails when it is read, not when it is asked for, as on disk. */
  read(sha256: string, range?: { start: number; end: number }): Readable {
    const bytes = this.files.get(sha256);
    const part = bytes?.subarray(range?.start ?? 0, (range?.end ?? bytes.length - 1) + 1);
    const stream = new Readable({
      read() {
        if (part === undefined) {
          this.destroy(Object.assign(new Error(`ENOENT: no such file or directory, open '${sha256}'`), { code: 'ENOENT' }));
          return;
        }
        this.push(part);
        this.push(null);
      },
    });
    this.opened.push(stream);
    return stream;
  }

  async localFile(sha256: string): Promise<LocalFile> {
    return { path: `/nowhere/${sha256}`, release: async () => {} };
  }

  async has(sha256: string): Promise<boolean> {
    return this.files.has(sha256);
  }

  async isSound(sha256: string): Promise<boolean> {
    return this.files.has(sha256);
  }

  async remove(sha256: string): Promise<void> {
    this.files.delete(sha256);
  }

  async *list(): AsyncGenerator<AgedFile[]> {
    for (const [sha256, { length }] of [...this.files]) yield [{ sha256, bytes: length, changedAt: this.changedAt.get(sha256) ?? 0 }];
  }

  async removeIncoming(before: number): Promise<number> {
    const { length } = this.incoming;
    this.incoming = this.incoming.filter((at) => at >= before);
    return length - this.incoming.length;
  }

  async claim(owner: string): Promise<boolean> {
    this.owner ??= owner;
    return this.owner === owner;
  }

  async ping(): Promise<void> {}
}

// Sizes in memory: those of the index as the records have it, those of the disk and the database as a test sets them.
import { START_STATE } from '../../src/artifacts/artifact-repository.js';
import type { FoundFile } from '../../src/walk.js';
import type { Disk } from '../../src/usage/disk.js';
import type { StoredKind, UsageRepository } from '../../src/usage/repository.js';
import type { FakeRecords, RunRecord } from './records.js';

const filesOf = ({ artifacts }: RunRecord) => new Map([...artifacts.values()].map(({ sha256, bytes }) => [sha256, bytes]));
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

export function createFakeUsageRepository(records: FakeRecords): UsageRepository {
  return {
    async kinds() {
      await records.statement();
      const kinds = new Map<string, StoredKind>();
      for (const { artifacts, checkpoints } of records.runs.values()) {
        for (const { path, sha256 } of artifacts.values()) {
          const isState = path === START_STATE || checkpoints.get(path)?.kind === 'resume';
          kinds.set(sha256, isState && kinds.get(sha256) !== 'models' ? 'trainingStates' : 'models');
        }
      }
      return kinds;
    },
    async largestRuns(teamId, limit) {
      await records.statement();
      const all = [...records.runs.values()];
      const isShared = (sha256: string) => all.filter((record) => filesOf(record).has(sha256)).length > 1;
      return all
        .filter((record) => record.teamId === teamId && record.artifacts.size > 0)
        .map((record) => {
          const files = [...filesOf(record)];
          const bytes = (shared: boolean) => sum(files.filter(([sha256]) => isShared(sha256) === shared).map(([, size]) => size));
          const { id, name, state } = record.run;
          return { id, name, state, ownBytes: bytes(false), sharedBytes: bytes(true) };
        })
        .sort((a, b) => b.ownBytes + b.sharedBytes - a.ownBytes - a.sharedBytes || (a.id < b.id ? -1 : 1))
        .slice(0, limit);
    },
    async teamStorage(teamId) {
      await records.statement();
      const files = new Map([...records.runs.values()].filter((record) => record.teamId === teamId).flatMap((record) => [...filesOf(record)]));
      return { bytes: sum([...files.values()]), limitBytes: records.storageLimitBytes };
    },
    storageOfWaiting: async () => new Map(),

    async databaseSize() {
      await records.statement();
      return { totalBytes: 1000, eventBytes: 600, curveBytes: 300 };
    },
  };
}

export class FakeDisk implements Disk {
  /** Bytes by path below the data folder. */
  readonly sizes = new Map<string, number>();
  /** Of paths that are names of one file, what tells that. */
  readonly identities = new Map<string, string>();
  /** How often it was looked at. */
  looks = 0;

  async *files(): AsyncGenerator<FoundFile[]> {
    this.looks += 1;
    for (const [path, bytes] of this.sizes) yield [{ path, bytes, diskBytes: Math.ceil(bytes / 4096) * 4096, changedAt: 0, identity: this.identities.get(path) ?? null }];
  }

  async space() {
    return { totalBytes: 1e12, freeBytes: 4e11 };
  }
}

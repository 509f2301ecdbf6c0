// The index of runs' files, and of the checkpoints that they make up.
import type { Database } from '../db/client.js';
import { FencedError, type Fence } from '../live/event-log.js';
import { toMetricValues } from '../runs/metric-values.js';
import { HELD_STATES } from '../runs/states.js';
import { storableText } from '../runs/storable-text.js';
import type { StoredFile } from './store.js';

export interface Artifact extends StoredFile {
  path: string;
  contentType: string;
  createdAt: Date;
}

export interface NewCheckpoint {
  kind: 'final';
  epoch: number;
  step: number;
  metrics: Record<string, number>;
  /** Folder of its files within the run. */
  path: string;
  files: readonly (StoredFile & { path: string; contentType: string })[];
}

export interface ArtifactRepository {
  list(runId: string): Promise<Artifact[]>;
  find(runId: string, path: string): Promise<Artifact | null>;
  /** Idempotent: an attempt has one checkpoint of a kind. @throws FencedError */
  addCheckpoint(fence: Fence, checkpoint: NewCheckpoint): Promise<void>;
  /** Of these hashes, those that no artifact refers to. */
  unreferenced(hashes: readonly string[]): Promise<string[]>;
}

type Row = { path: string; sha256: string; bytes: bigint; contentType: string; createdAt: Date };
const toArtifact = ({ path, sha256, bytes, contentType, createdAt }: Row): Artifact => ({ path, sha256, bytes: Number(bytes), contentType, createdAt });

export function createArtifactRepository(database: Database): ArtifactRepository {
  return {
    async list(runId) {
      return (await database.artifact.findMany({ where: { runId }, orderBy: { path: 'asc' } })).map(toArtifact);
    },

    async find(runId, path) {
      const row = await database.artifact.findUnique({ where: { runId_path: { runId, path: storableText(path) } } });
      return row === null ? null : toArtifact(row);
    },

    async addCheckpoint({ runId, attempt }, { files, metrics, ...checkpoint }) {
      await database.$transaction(async (session) => {
        const held = await session.$queryRaw<unknown[]>`
          SELECT 1 FROM runs WHERE id = ${runId}::uuid AND attempt = ${attempt} AND state = ANY(${[...HELD_STATES]}) FOR UPDATE`;
        if (held.length === 0) throw new FencedError({ runId, attempt });
        // There is one when an earlier try was committed and the answer got lost.
        await session.checkpoint.deleteMany({ where: { runId, attempt, kind: checkpoint.kind } });
        await session.checkpoint.create({ data: { runId, attempt, metrics: toMetricValues(metrics), ...checkpoint } });
        for (const { path, ...file } of files) {
          await session.artifact.upsert({ where: { runId_path: { runId, path } }, create: { runId, path, ...file }, update: { ...file, createdAt: new Date() } });
        }
      });
    },

    async unreferenced(hashes) {
      const used = await database.artifact.findMany({ where: { sha256: { in: [...hashes] } }, select: { sha256: true }, distinct: ['sha256'] });
      const inUse = new Set(used.map((row) => row.sha256));
      return [...new Set(hashes)].filter((hash) => !inUse.has(hash));
    },
  };
}

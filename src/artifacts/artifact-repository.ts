// The index of runs' files, and of the checkpoints that they make up.
import type { Database, DatabaseSession } from '../db/client.js';
import { FencedError, type Fence } from '../live/event-log.js';
import { toMetricValues } from '../metrics/values.js';
import { ENDED_STATES, HELD_STATES } from '../portable/run-states.js';
import { storableText } from '../db/storable-text.js';
import type { CHECKPOINT_KINDS } from '../schemas/event.js';
import { type MetricValue } from '../schemas/run.js';
import { holdStore, lockStore } from './store-lock.js';
import type { StoredFile } from './store.js';

export interface Artifact extends StoredFile {
  path: string;
  contentType: string;
  createdAt: Date;
}

export type CheckpointKind = (typeof CHECKPOINT_KINDS)[number];

export interface NewCheckpoint {
  kind: CheckpointKind;
  epoch: number;
  step: number;
  metrics: Record<string, number>;
  /** Its file within the run, or the folder of its files. */
  path: string;
  files: readonly (StoredFile & { path: string; contentType: string })[];
}

/** Path of the training state of another run with whose weights a run starts. */
export const START_STATE = 'start/state.safetensors';

/** Where an earlier attempt was. */
export interface ResumePoint {
  step: number;
  /** Epochs that were whole. */
  epoch: number;
  metrics: Record<string, MetricValue>;
}

/** A training state, which is one file. */
export interface ResumeCheckpoint extends ResumePoint {
  path: string;
  sha256: string;
}

export interface ArtifactRepository {
  list(runId: string): Promise<Artifact[]>;
  find(runId: string, path: string): Promise<Artifact | null>;
  /** Idempotent: a run has one checkpoint at a path. Answers the hashes of the files that it replaced. @throws FencedError */
  addCheckpoint(fence: Fence, checkpoint: NewCheckpoint): Promise<string[]>;
  /** Training states to go on from, the latest first. */
  resumeCheckpoints(runId: string): Promise<ResumeCheckpoint[]>;
  /** Takes checkpoints of one file out of the index; answers the hashes of their files. */
  removeCheckpoints(runId: string, paths: readonly string[]): Promise<string[]>;
  /**
   * Takes the file at `path`, or those below it, out of the index, with the checkpoints that they were part of. Answers
   * their hashes; null when the run is not there or has not ended.
   */
  removeFiles(runId: string, path: string): Promise<string[] | null>;
  /** Of these hashes, those that no artifact refers to; some may in the next moment. */
  unreferenced(hashes: readonly string[]): Promise<string[]>;
  /** Calls `remove` for each of these hashes that no artifact refers to; none can come to refer to it meanwhile. */
  free(hashes: readonly string[], remove: (sha256: string) => Promise<void>): Promise<void>;
}

/** Whether a path is that of `place` or of something in it. */
export const isWithin = (path: string, place: string) => path === place || path.startsWith(`${place}/`);

/** Hashes that are freed under one lock: it is to be short. */
const FREED_AT_ONCE = 50;
/** No more is begun under a lock after so long: it goes with its transaction, which is broken off after fifteen seconds. */
const LOCKED_MS = 5_000;

type Row = { path: string; sha256: string; bytes: bigint; contentType: string; createdAt: Date };
const toArtifact = ({ path, sha256, bytes, contentType, createdAt }: Row): Artifact => ({ path, sha256, bytes: Number(bytes), contentType, createdAt });

export function createArtifactRepository(database: Database, { lockedMs = LOCKED_MS }: { lockedMs?: number } = {}): ArtifactRepository {
  return {
    async list(runId) {
      return (await database.artifact.findMany({ where: { runId }, orderBy: { path: 'asc' } })).map(toArtifact);
    },

    async find(runId, path) {
      const row = await database.artifact.findUnique({ where: { runId_path: { runId, path: storableText(path) } } });
      return row === null ? null : toArtifact(row);
    },

    async addCheckpoint({ runId, attempt }, { files, metrics, ...checkpoint }) {
      return database.$transaction(async (session) => {
        const held = await session.$queryRaw<unknown[]>`
          SELECT 1 FROM runs WHERE id = ${runId}::uuid AND attempt = ${attempt} AND state = ANY(${[...HELD_STATES]}) FOR UPDATE`;
        if (held.length === 0) throw new FencedError({ runId, attempt });
        await holdStore(session);
        // There is one when an earlier try was committed and the answer got lost.
        await session.checkpoint.deleteMany({ where: { runId, path: checkpoint.path } });
        await session.checkpoint.create({ data: { runId, attempt, metrics: toMetricValues(metrics), ...checkpoint } });
        const before = await session.artifact.findMany({ where: { runId, path: { in: files.map(({ path }) => path) } }, select: { sha256: true } });
        for (const { path, ...file } of files) {
          await session.artifact.upsert({ where: { runId_path: { runId, path } }, create: { runId, path, ...file }, update: { ...file, createdAt: new Date() } });
        }
        return before.map(({ sha256 }) => sha256).filter((hash) => !files.some(({ sha256 }) => sha256 === hash));
      });
    },

    async resumeCheckpoints(runId) {
      const rows = await database.checkpoint.findMany({ where: { runId, kind: 'resume' }, orderBy: [{ step: 'desc' }, { id: 'desc' }] });
      const files = await database.artifact.findMany({ where: { runId, path: { in: rows.map(({ path }) => path) } }, select: { path: true, sha256: true } });
      const hashes = new Map(files.map(({ path, sha256 }) => [path, sha256]));
      return rows.flatMap(({ path, step, epoch, metrics }) => {
        const sha256 = hashes.get(path);
        return sha256 === undefined ? [] : [{ path, sha256, step, epoch, metrics: metrics as Record<string, MetricValue> }];
      });
    },

    async removeCheckpoints(runId, paths) {
      const where = { runId, path: { in: [...paths] } };
      return database.$transaction(async (session) => {
        const files = await session.artifact.findMany({ where, select: { sha256: true } });
        await session.artifact.deleteMany({ where });
        await session.checkpoint.deleteMany({ where });
        return files.map(({ sha256 }) => sha256);
      });
    },

    async removeFiles(runId, path) {
      return database.$transaction(async (session) => {
        const ended = await session.$queryRaw<unknown[]>`SELECT 1 FROM runs WHERE id = ${runId}::uuid AND state = ANY(${[...ENDED_STATES]}) FOR UPDATE`;
        if (ended.length === 0) return null;
        const files = (await session.artifact.findMany({ where: { runId }, select: { path: true, sha256: true } })).filter((file) => isWithin(file.path, path));
        const checkpoints = await session.checkpoint.findMany({ where: { runId }, select: { id: true, path: true } });
        const broken = checkpoints.filter((checkpoint) => files.some((file) => isWithin(file.path, checkpoint.path)));
        await session.checkpoint.deleteMany({ where: { id: { in: broken.map(({ id }) => id) } } });
        await session.artifact.deleteMany({ where: { runId, path: { in: files.map((file) => file.path) } } });
        return files.map(({ sha256 }) => sha256);
      });
    },

    unreferenced: (hashes) => unreferenced(database, hashes),

    async free(hashes, remove) {
      // Most often nothing is free, and nobody need wait.
      const likely = await unreferenced(database, hashes);
      while (likely.length > 0) {
        const looked = await database.$transaction((session) => freeSome(session, likely.slice(0, FREED_AT_ONCE), { remove, lockedMs }));
        if (looked === 0) throw new Error('the lock on the artifact storage was had too late; what is left is freed by the next sweep');
        likely.splice(0, looked);
      }
    },
  };
}

/** Answers how many of them are done with. */
async function freeSome(session: DatabaseSession, hashes: readonly string[], { remove, lockedMs }: { remove: (sha256: string) => Promise<void>; lockedMs: number }): Promise<number> {
  const until = performance.now() + lockedMs;
  await lockStore(session);
  const free = new Set(await unreferenced(session, hashes));
  let looked = 0;
  for (const sha256 of hashes) {
    if (performance.now() > until) break;
    if (free.has(sha256)) await remove(sha256);
    looked += 1;
  }
  return looked;
}

async function unreferenced(session: DatabaseSession, hashes: readonly string[]): Promise<string[]> {
  if (hashes.length === 0) return [];
  const used = await session.artifact.findMany({ where: { sha256: { in: [...hashes] } }, select: { sha256: true }, distinct: ['sha256'] });
  const inUse = new Set(used.map((row) => row.sha256));
  return [...new Set(hashes)].filter((hash) => !inUse.has(hash));
}

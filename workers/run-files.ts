// What a trainer leaves as files, taken from its scratch folder into the store and the index: the model, and training
// states to go on from.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRepository } from '../src/artifacts/artifact-repository.js';
import { checkpointsToDrop } from '../src/artifacts/checkpoint-retention.js';
import type { ArtifactStore, StoredFile } from '../src/artifacts/store.js';
import { isDatabaseAway } from '../src/db/client.js';
import type { Fence } from '../src/live/event-log.js';
import { epochMetricNames } from '../src/ml/epoch-metrics.js';
import { directionOf, resolveMonitor } from '../src/ml/monitor.js';
import { toMetricValues } from '../src/runs/metric-values.js';
import type { NewEvent } from '../src/schemas/event.js';
import type { TrainerMessage } from '../src/schemas/ipc.js';
import type { RunSpec } from '../src/schemas/spec.js';
import { defaultMetrics, effectiveCheckpoints, effectiveValidation } from '../src/specs/defaults.js';

export interface RunFilesOptions {
  fence: Fence;
  spec: RunSpec;
  scratch: string;
  store: ArtifactStore;
  artifacts: ArtifactRepository;
}

type ModelMessage = Extract<TrainerMessage, { type: 'artifacts' }>;
type StateMessage = Extract<TrainerMessage, { type: 'checkpoint' }>;
type IndexedFile = StoredFile & { path: string; contentType: string };

const now = (): string => new Date().toISOString();

export class RunFiles {
  readonly #options: RunFilesOptions;

  constructor(options: RunFilesOptions) {
    this.#options = options;
  }

  /** Answers what the log is to say. May be tried again while the database is away. @throws FencedError, Node's file errors */
  async keepModel({ files, epoch, step, metrics }: ModelMessage): Promise<NewEvent[]> {
    const { fence, store, artifacts, scratch } = this.#options;
    const stored: IndexedFile[] = [];
    return this.#orFree(stored, async () => {
      for (const { path, file, contentType } of files) stored.push({ path, contentType, ...(await store.put(join(scratch, file))) });
      const replaced = await artifacts.addCheckpoint(fence, { kind: 'final', epoch, step, metrics, path: 'model', files: stored });
      // A run with the same bytes may have been deleted before these were in the index, and the bytes with it.
      const kept = await Promise.all(stored.map(({ sha256 }) => store.has(sha256)));
      if (kept.includes(false)) for (const { file } of files) await store.put(join(scratch, file));
      await this.#free(replaced);
      return [
        ...stored.map(({ path, bytes, sha256 }): NewEvent => ({ kind: 'artifact', at: now(), data: { path, bytes, sha256 } })),
        { kind: 'checkpoint', at: now(), data: { attempt: fence.attempt, kind: 'final', epoch, step, metrics: toMetricValues(metrics) } },
      ];
    });
  }

  /** The same for a training state, of which the spec keeps a few. */
  async keepState({ file, epoch, step, metrics }: StateMessage): Promise<NewEvent[]> {
    const { fence, store, artifacts, scratch } = this.#options;
    const path = `checkpoints/step-${String(step).padStart(9, '0')}.safetensors`;
    const stored: IndexedFile[] = [];
    return this.#orFree(stored, async () => {
      stored.push({ path, contentType: 'application/octet-stream', ...(await store.put(join(scratch, file))) });
      const replaced = await artifacts.addCheckpoint(fence, { kind: 'resume', epoch, step, metrics, path, files: stored });
      await this.#free([...replaced, ...(await this.#dropStates())]);
      await this.discard(file);
      return [{ kind: 'checkpoint', at: now(), data: { attempt: fence.attempt, kind: 'resume', epoch, step, metrics: toMetricValues(metrics) } }];
    });
  }

  /** Removes a file that is not wanted any more. */
  discard(file: string): Promise<void> {
    return rm(join(this.#options.scratch, file), { force: true }).catch(() => undefined);
  }

  /** What could not be put into the index is not left in the store. */
  async #orFree<T>(stored: readonly IndexedFile[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isDatabaseAway(error)) await this.#free(stored.map(({ sha256 }) => sha256)).catch(() => undefined);
      throw error;
    }
  }

  async #free(hashes: readonly string[]): Promise<void> {
    const { store, artifacts } = this.#options;
    for (const hash of await artifacts.unreferenced(hashes)) await store.remove(hash);
  }

  /** Answers the hashes of those that were dropped. */
  async #dropStates(): Promise<string[]> {
    const { fence, spec, artifacts } = this.#options;
    const { keepLast, keepBest, monitor } = effectiveCheckpoints(spec);
    const states = await artifacts.resumeCheckpoints(fence.runId);
    const best = resolveMonitor(monitor, epochMetricNames(defaultMetrics(spec), effectiveValidation(spec.dataset) !== 'none'));
    const dropped = checkpointsToDrop(states, { keepLast, keepBest, monitor: best, direction: directionOf(best) });
    return dropped.length === 0 ? [] : artifacts.removeCheckpoints(fence.runId, dropped.map(({ path }) => path));
  }
}

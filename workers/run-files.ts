// What a trainer leaves as files, taken from its scratch folder into the store and the index: the model, and training
// states to go on from.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRepository, CheckpointKind, NewCheckpoint } from '../src/artifacts/artifact-repository.js';
import { checkpointsToDrop } from '../src/artifacts/checkpoint-retention.js';
import type { ArtifactStore, StoredFile } from '../src/artifacts/store.js';
import type { Fence } from '../src/live/event-log.js';
import { epochMetricNames } from '../src/ml/epoch-metrics.js';
import { directionOf, resolveMonitor } from '../src/ml/monitor.js';
import { toMetricValues } from '../src/metrics/values.js';
import type { NewEvent } from '../src/schemas/event.js';
import type { TrainerMessage } from '../src/schemas/ipc.js';
import type { RunSpec } from '../src/schemas/spec.js';
import { defaultMetrics, effectiveCheckpoints, effectiveValidation } from '../src/specs/defaults.js';
import { isAway } from './away.js';

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

/** Unless the spec says otherwise: the one before the latest was for the case that the latest is damaged. */
const KEPT_AFTER_THE_END = { keepLast: 1 };

const now = (): string => new Date().toISOString();

export class RunFiles {
  readonly #options: RunFilesOptions;
  /** Hashes of what is in the store but perhaps not in the index, as the database or the store went meanwhile; by the first file. */
  readonly #unsettled = new Map<string, string[]>();

  constructor(options: RunFilesOptions) {
    this.#options = options;
  }

  /** Answers what the log is to say. May be tried again while the database or the store is away. @throws FencedError, StoreError, Node's file errors */
  async keepModel({ files, epoch, step, metrics }: ModelMessage): Promise<NewEvent[]> {
    const { stored, replaced } = await this.#keep({ kind: 'final', epoch, step, metrics, path: 'model' }, files);
    await this.#free([...replaced, ...(await this.#dropStates(KEPT_AFTER_THE_END))]);
    // The store has the same file, not a copy: under its name here a trainer could write into it.
    for (const { file } of files) await this.discard(file);
    return [
      ...stored.map(({ path, bytes, sha256 }): NewEvent => ({ kind: 'artifact', at: now(), data: { path, bytes, sha256 } })),
      this.#checkpointEvent('final', { epoch, step, metrics }),
    ];
  }

  /** The same for a training state, of which the spec keeps a few. */
  async keepState({ file, epoch, step, metrics }: StateMessage): Promise<NewEvent[]> {
    const path = `checkpoints/step-${String(step).padStart(9, '0')}.safetensors`;
    const { replaced } = await this.#keep({ kind: 'resume', epoch, step, metrics, path }, [{ path, file, contentType: 'application/octet-stream' }]);
    await this.#free([...replaced, ...(await this.#dropStates())]);
    await this.discard(file);
    return [this.#checkpointEvent('resume', { epoch, step, metrics })];
  }

  /** Gives up a state, which an earlier try may have stored. May be tried again while the database or the store is away. */
  async drop(file: string): Promise<void> {
    await this.#free(this.#unsettled.get(file) ?? []);
    await this.discard(file);
  }

  /** Removes a file that is not wanted any more. */
  discard(file: string): Promise<void> {
    return rm(join(this.#options.scratch, file), { force: true }).catch(() => undefined);
  }

  /** Puts files into the store and the index. Answers what is stored, and the hashes of what it replaced. */
  async #keep(checkpoint: Omit<NewCheckpoint, 'files'>, files: ModelMessage['files']): Promise<{ stored: IndexedFile[]; replaced: string[] }> {
    const { fence, store, artifacts, scratch } = this.#options;
    const stored: IndexedFile[] = [];
    try {
      for (const { path, file, contentType } of files) stored.push({ path, contentType, ...(await store.put(join(scratch, file))) });
      const replaced = await artifacts.addCheckpoint(fence, { ...checkpoint, files: stored });
      // Until they were in the index, whoever freed the same bytes of another run freed these as well.
      for (const [index, { file }] of files.entries()) if (!(await store.has(stored[index]!.sha256))) await store.put(join(scratch, file));
      return { stored, replaced };
    } catch (error) {
      // What could not be put into the index is not left in the store.
      const hashes = stored.map(({ sha256 }) => sha256);
      if (isAway(error)) this.#unsettled.set(files[0]!.file, hashes);
      else await this.#free(hashes).catch(() => undefined);
      throw error;
    }
  }

  /** What cannot be removed is no fault of the run; the sweep of orphans comes by. */
  #free(hashes: readonly string[]): Promise<void> {
    const { store, artifacts } = this.#options;
    return artifacts.free(hashes, (sha256) => store.remove(sha256).catch(() => undefined));
  }

  #checkpointEvent(kind: CheckpointKind, { epoch, step, metrics }: Pick<StateMessage, 'epoch' | 'step' | 'metrics'>): NewEvent {
    return { kind: 'checkpoint', at: now(), data: { attempt: this.#options.fence.attempt, kind, epoch, step, metrics: toMetricValues(metrics) } };
  }

  /** Answers the hashes of those that were dropped. */
  async #dropStates(unsaid: { keepLast?: number } = {}): Promise<string[]> {
    const { fence, spec, artifacts } = this.#options;
    const { keepLast, keepBest, monitor } = effectiveCheckpoints({ checkpoints: { ...unsaid, ...spec.checkpoints } });
    const states = await artifacts.resumeCheckpoints(fence.runId);
    const best = resolveMonitor(monitor, epochMetricNames(defaultMetrics(spec), effectiveValidation(spec.dataset) !== 'none'));
    const dropped = checkpointsToDrop(states, { keepLast, keepBest, monitor: best, direction: directionOf(best) });
    return dropped.length === 0 ? [] : artifacts.removeCheckpoints(fence.runId, dropped.map(({ path }) => path));
  }
}

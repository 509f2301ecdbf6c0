// Bounds what ended runs keep, as the settings say.
import type { ArtifactRepository } from '../artifacts/artifact-repository.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { Log } from '../log.js';
import type { RetentionRepository } from './repository.js';

export interface RetentionOptions {
  retention: RetentionRepository;
  artifacts: Pick<ArtifactRepository, 'free'>;
  store: Pick<ArtifactStore, 'remove'>;
  /** After its end, how long a run keeps its training states; null is for ever. */
  stateRetentionMs: number | null;
  /** After its end, how long a run itself is kept; null is for ever. */
  runRetentionMs: number | null;
  log: Pick<Log, 'info'>;
  now?: () => number;
}

/** What a kill leaves half done here, the sweep of orphans does. */
export async function applyRetention({ retention, artifacts, store, stateRetentionMs, runRetentionMs, log, now = Date.now }: RetentionOptions): Promise<void> {
  const free = (hashes: readonly string[]) => artifacts.free(hashes, (sha256) => store.remove(sha256));
  if (runRetentionMs !== null) {
    const endedBefore = new Date(now() - runRetentionMs);
    for (let run = await retention.deleteRun(endedBefore); run !== null; run = await retention.deleteRun(endedBefore)) {
      log.info({ runId: run.id }, `run deleted, its time is over: ${run.name}`);
      await free(run.hashes);
    }
  }
  if (stateRetentionMs !== null) {
    const endedBefore = new Date(now() - stateRetentionMs);
    let count = 0;
    for (let hashes = await retention.dropStates(endedBefore); hashes.length > 0; hashes = await retention.dropStates(endedBefore)) {
      await free(hashes);
      count += hashes.length;
    }
    if (count > 0) log.info({ count }, 'training states dropped of runs that ended long ago');
  }
}

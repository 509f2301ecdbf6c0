// Frees what a kill or a lost connection left in the store: files that no run refers to, and halves of files.
import type { Log } from '../log.js';
import type { ArtifactRepository } from './artifact-repository.js';
import type { ArtifactStore } from './store.js';

/** A file this young may be on its way into the index. */
export const ORPHAN_GRACE_MS = 3600_000;

export interface OrphanSweepOptions {
  store: ArtifactStore;
  artifacts: Pick<ArtifactRepository, 'unreferenced' | 'free'>;
  /** Names the database that the index is in. */
  owner: string;
  log: Pick<Log, 'info' | 'warn'>;
  graceMs?: number;
  now?: () => number;
}

/**
 * Any number of processes may do this at once. Of stored files, the grace only spares work: one that is taken although a
 * run is about to refer to it is stored again, and one that has come into the index stays (see `free`).
 */
export async function sweepOrphans({ store, artifacts, owner, log, graceMs = ORPHAN_GRACE_MS, now = Date.now }: OrphanSweepOptions): Promise<void> {
  if (!(await store.claim(owner))) {
    log.warn('the files of the artifact store are those of another database (its file `owner` says which), so none of them is swept');
    return;
  }
  const before = now() - graceMs;
  let files = await store.removeIncoming(before);
  for await (const stored of store.list()) {
    const hashes = stored.filter(({ changedAt }) => changedAt < before).map(({ sha256 }) => sha256);
    await artifacts.free(hashes, async (sha256) => {
      await store.remove(sha256);
      files += 1;
    });
  }
  if (files > 0) log.info({ files }, 'files that no run refers to are freed');
}

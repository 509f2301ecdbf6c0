// Deleting files of a run that has ended, before the run itself goes.
import { ServiceError } from '../errors.js';
import type { Run } from '../schemas/run.js';
import type { ArtifactRepository } from './artifact-repository.js';
import type { ArtifactStore } from './store.js';

export interface FilesToDelete {
  /** @throws ServiceError not_found */
  runs: { get(teamId: string, id: string): Promise<Pick<Run, 'state'>> };
  artifacts: ArtifactRepository;
  store: ArtifactStore;
  teamId: string;
  runId: string;
  /** Of one file, or of a folder with all that is in it. */
  path: string;
  onError: (error: unknown) => void;
}

/** Frees the bytes that nothing else uses. @throws ServiceError not_found, run_not_ended */
export async function deleteFiles({ runs, artifacts, store, teamId, runId, path, onError }: FilesToDelete): Promise<void> {
  await runs.get(teamId, runId);
  const hashes = await artifacts.removeFiles(runId, path.replace(/\/+$/, ''));
  if (hashes === null) throw new ServiceError('run_not_ended', `Run ${runId} is ${(await runs.get(teamId, runId)).state}; it may still go on from its files.`);
  if (hashes.length === 0) throw new ServiceError('not_found', `The run has neither a file nor a folder "${path}".`);
  // They are out of the index; bytes that cannot be freed now are no reason to say otherwise.
  await artifacts.free(hashes, (hash) => store.remove(hash)).catch(onError);
}

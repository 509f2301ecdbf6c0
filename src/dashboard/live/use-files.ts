// The files of a run: read again when its state changes, which is when they come.
import { api, take } from '../api/client.js';
import { useResource, type Resource } from '../api/resource.js';
import type { Artifact, Run } from '../api/types.js';
import { hasEnded } from '../../portable/run-states.js';

export function useFiles(run: Run): Resource<Artifact[]> {
  const { id, state } = run;
  // Where it trains, checkpoints come and go.
  return useResource(`files ${id} ${state}`, async (signal) => (await take(api.GET('/v1/runs/{id}/artifacts', { params: { path: { id } }, signal }))).items, hasEnded(state) ? {} : { everyMs: 5000 });
}

// What a run leaves behind, to download.
import { addressOf } from '../../lib/base.js';
import type { Resource } from '../../api/resource.js';
import type { Artifact, Run } from '../../api/types.js';
import { bytes } from '../../lib/format.js';
import { hasEnded } from '../../../portable/run-states.js';
import { ErrorNote, Loading } from '../../ui/surfaces.js';

export function RunFiles({ run, files: { data, error, reload } }: { run: Run; files: Resource<Artifact[]> }) {
  if (data === undefined) return error === undefined ? <Loading lines={4} /> : <ErrorNote error={error} onRetry={reload} />;
  if (data.length === 0) return <p class="muted small">{hasEnded(run.state) ? 'The run left no files.' : 'They come with the end of the run.'}</p>;
  return (
    <ul class="run-files">
      {data.map(({ path, url, bytes: size }) => <li key={path}><a href={addressOf(url)} download={path.split('/').at(-1)}>{path}</a><span class="muted">{bytes(size)}</span></li>)}
    </ul>
  );
}

// What is using the disk.
import { api, take } from '../../api/client.js';
import { useResource } from '../../api/resource.js';
import { useNow } from '../../lib/clock.js';
import { ago, bytes, count } from '../../lib/format.js';
import { hrefOf } from '../../lib/router.js';
import { StackedBar } from '../../ui/stacked-bar.js';
import { ErrorNote, Loading, StateBadge } from '../../ui/surfaces.js';
import { Table } from '../../ui/table.js';
import { partsOf } from './storage-parts.js';

export function Storage() {
  const { data, error, reload } = useResource('usage', async (signal) => take(api.GET('/v1/usage', { signal })), { everyMs: 15_000 });
  const now = useNow();
  if (data === undefined) return error === undefined ? <Loading lines={6} height={28} label="Loading what is using the disk" /> : <ErrorNote error={error} onRetry={reload} />;
  const { fileSystem: { totalBytes, freeBytes }, files, measuredAt, runs } = data;
  const parts = partsOf(files);
  return (
    <div class="storage">
      <ErrorNote error={error} title="This may be old." onRetry={reload} />
      <div class="teams-bar">
        <p><b>{bytes(files.total.bytes)}</b> <span class="muted">in the data folder or its bucket, {bytes(freeBytes)} of {bytes(totalBytes)} free on the disk</span></p>
        <span class="muted small">Looked at {ago(measuredAt, now)}</span>
      </div>
      <StackedBar parts={parts.map(({ key, color, size }) => ({ key, color, size }))} total={files.total.bytes} />
      <Table label="Kinds of files" rows={parts} rowKey={({ key }) => key} columns={[
        { key: 'kind', title: 'Kind', cell: ({ title, color }) => <><i class="storage-dot" aria-hidden="true" style={{ background: color }} />{title}</> },
        { key: 'what', title: 'What it is', cell: ({ about }) => <span class="muted">{about}</span> },
        { key: 'files', title: 'Files', number: true, cell: (part) => count(part.files) },
        { key: 'bytes', title: 'Size', number: true, cell: ({ size }) => bytes(size) },
      ]} />
      <h2>Runs with the largest files</h2>
      {runs.length === 0 ? <p class="muted teams-none">No run has files.</p> : (
        <Table label="Runs with the largest files" rows={runs} rowKey={({ id }) => id} columns={[
          { key: 'run', title: 'Run', cell: ({ id, name }) => <a href={hrefOf('run', { params: { id } })}>{name}</a> },
          { key: 'state', title: 'State', cell: ({ state }) => <StateBadge state={state} /> },
          { key: 'own', title: 'Freed by deletion', number: true, cell: ({ ownBytes }) => bytes(ownBytes) },
          { key: 'shared', title: 'Shared with other runs', number: true, cell: ({ sharedBytes }) => bytes(sharedBytes) },
        ]} />
      )}
    </div>
  );
}

// All runs, as they are now.
import { useMemo, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useResource } from '../../api/resource.js';
import { whyNot } from '../../api/session.js';
import type { Run } from '../../api/types.js';
import { count, several } from '../../lib/format.js';
import { go, hrefOf, useUrlState } from '../../lib/router.js';
import { reading, runsError, useRuns } from '../../live/run-list.js';
import { Button } from '../../ui/button.js';
import { Empty, ErrorNote, Loading } from '../../ui/surfaces.js';
import { BulkBar } from './bulk-bar.js';
import { ColumnPicker } from './column-picker.js';
import { RunFilters, useWanted, WHOSE } from './run-filters.js';
import { RunsTable } from './runs-table.js';
import { COLUMNS, filterRuns, ORDER, sortRuns } from './select-runs.js';
import type { Selection } from './selection.js';
import { useSharedRuns } from './use-shared.js';
import './runs.css';

export function RunsPage() {
  const ours = useRuns().value;
  const [whose] = useUrlState('whose', WHOSE);
  const isShared = whose === 'shared';
  const shared = useSharedRuns(isShared);
  const runs = isShared ? (shared.data ?? null) : ours;
  const error = isShared ? shared.error : runsError.value;
  const wanted = useWanted();
  const [order, setOrder] = useUrlState('order', ORDER);
  const [columns, setColumns] = useUrlState('columns', COLUMNS);
  const starts = useStarts(runs ?? []);
  const [isPicking, setPicking] = useState(false);
  const [selection, setSelection] = useState<Selection>(new Set());
  const shown = useMemo(() => (runs === null ? [] : sortRuns(filterRuns(runs, wanted), order)), [runs, wanted, order]);
  const marked = useMemo(() => (selection.size === 0 || runs === null ? [] : runs.filter(({ id }) => selection.has(id))), [runs, selection]);
  const hidden = useMemo(() => marked.length - (marked.length === 0 ? 0 : shown.filter(({ id }) => selection.has(id)).length), [marked, shown]);
  return (
    <div class="runs-page">
      <div class="page-head">
        <h1>Runs <span class="runs-count muted">{runs === null ? '' : shown.length === runs.length ? count(runs.length) : `${count(shown.length)} of ${count(runs.length)}`}{!isShared && reading.value && ' …'}</span></h1>
        <div class="runs-buttons">
          <Button onClick={() => setPicking(true)}>Columns{columns.length > 0 && <span class="muted">{columns.length}</span>}</Button>
          <a class={`button button-primary${whyNot('write') === null ? '' : ' button-off'}`} href={hrefOf('newRun')}>New run</a>
        </div>
        <RunFilters runs={runs ?? []} wanted={wanted} />
      </div>
      <ErrorNote error={error} title="What you see may be old." />
      {runs === null ? error === undefined && <Loading lines={8} height={40} label="Loading the runs" /> : (
        <div class="runs-table">
          <RunsTable
            rows={shown} columns={columns} order={order} onOrder={setOrder} starts={starts} selection={selection} onSelect={setSelection} onOpen={(run) => go(hrefOf('run', { params: { id: run.id } }))}
            empty={runs.length === 0 ? isShared ? <Empty title="Nothing is shared with your team"><p>Other teams share a run on its page.</p></Empty> : <NoRuns /> : <Empty title="No run is like that"><p>{several(runs.length, 'run')} in all; none fits what you have asked for.</p></Empty>}
          />
          {marked.length > 0 && <BulkBar selected={marked} hidden={hidden} onClear={() => setSelection(new Set())} />}
        </div>
      )}
      {isPicking && <ColumnPicker runs={runs ?? []} chosen={columns} onChange={setColumns} onClose={() => setPicking(false)} />}
    </div>
  );
}

/** When those that wait are likely to start, by id. */
function useStarts(runs: readonly Run[]): ReadonlyMap<string, string | null> {
  const isWaiting = runs.some(({ state }) => state === 'queued');
  const { data } = useResource(`queue ${isWaiting}`, async (signal) => (isWaiting ? (await take(api.GET('/v1/queue', { params: { query: { limit: 200 } }, signal }))).items : []), isWaiting ? { everyMs: 5000 } : {});
  return useMemo(() => new Map((data ?? []).map(({ runId, estimatedStart }) => [runId, estimatedStart.likely])), [data]);
}

function NoRuns() {
  return (
    <Empty title="No runs yet">
      <p>Start from a recipe, or send one from a terminal:</p>
      <pre>{`curl ${new URL(hrefOf('home'), location.href).href}v1/runs \\\n  --header "Authorization: Bearer $TRAINYARD_KEY" \\\n  --json '{"recipe": "mnist-softmax"}'`}</pre>
      <a class="button" href={hrefOf('newRun')}>New run</a>
    </Empty>
  );
}

// All runs, as they are now.
import { useMemo } from 'preact/hooks';
import type { Run } from '../../api/types.js';
import { whyNot } from '../../api/session.js';
import * as codecs from '../../lib/codecs.js';
import { ago, count, duration, several } from '../../lib/format.js';
import { useNow } from '../../lib/clock.js';
import { go, hrefOf, useUrlState } from '../../lib/router.js';
import { headlineOf, lastedMsOf, progressLineOf } from '../../lib/run-words.js';
import { reading, runsError, useRuns } from '../../live/run-list.js';
import { hasEnded } from '../../live/run-record.js';
import { Select, TextField } from '../../ui/field.js';
import { Empty, ErrorNote, Loading, Progress, StateBadge } from '../../ui/surfaces.js';
import { VirtualTable, type VirtualColumn } from '../../ui/virtual-table.js';
import { COLUMNS_KNOWN, filterRuns, sortRuns, STATE_FILTERS } from './select-runs.js';
import './runs.css';

const QUERY = codecs.text();
const STATE = codecs.choice(STATE_FILTERS);
const ORDER = codecs.order(COLUMNS_KNOWN, { by: 'started', descending: true });

export function RunsPage() {
  const runs = useRuns().value;
  const [query, setQuery] = useUrlState('q', QUERY);
  const [state, setState] = useUrlState('state', STATE);
  const [order, setOrder] = useUrlState('order', ORDER);
  const shown = useMemo(() => (runs === null ? [] : sortRuns(filterRuns(runs, { query, state }), order)), [runs, query, state, order]);
  const open = (run: Run) => go(hrefOf('run', { params: { id: run.id } }));
  return (
    <div class="runs-page">
      <div class="page-head">
        <h1>Runs <span class="runs-count muted">{runs === null ? '' : shown.length === runs.length ? count(runs.length) : `${count(shown.length)} of ${count(runs.length)}`}{reading.value && ' …'}</span></h1>
        <div class="runs-filter" role="search">
          <TextField label="Find" hideLabel type="search" placeholder="Name, recipe, tag or user" value={query} onInput={setQuery} />
          <Select label="State" hideLabel value={state} onChange={setState} options={STATE_FILTERS.map((value) => ({ value, label: value === 'all' ? 'All states' : value.charAt(0).toUpperCase() + value.slice(1) }))} />
          <a class={`button button-primary${whyNot('write') === null ? '' : ' button-off'}`} href={hrefOf('newRun')}>New run</a>
        </div>
      </div>
      <ErrorNote error={runsError.value} title="What you see may be old." />
      {runs === null ? <Loading lines={8} height={40} label="Loading the runs" /> : (
        <div class="runs-table">
          <VirtualTable label="Runs" columns={COLUMNS} rows={shown} rowKey={({ id }) => id} order={order} onOrder={setOrder} onOpen={open} rowHeight={52} empty={runs.length === 0 ? <NoRuns /> : <Empty title="No run is like that"><p>{several(runs.length, 'run')} in all; none fits what you have asked for.</p></Empty>} />
        </div>
      )}
    </div>
  );
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

const COLUMNS: readonly VirtualColumn<Run>[] = [
  { key: 'name', title: 'Name', width: 'minmax(96px, 2.2fr)', sortable: true, cell: (run) => <NameCell run={run} /> },
  { key: 'state', title: 'State', width: '104px', sortable: true, cell: ({ state }) => <StateBadge state={state} /> },
  { key: 'progress', title: 'Progress', width: 'minmax(150px, 1.2fr)', sortable: true, from: 640, cell: (run) => <ProgressCell run={run} /> },
  { key: 'best', title: 'Best', width: '76px', number: true, sortable: true, cell: (run) => <BestCell run={run} /> },
  { key: 'started', title: 'Started', width: '112px', number: true, sortable: true, from: 820, cell: (run) => <StartedCell run={run} /> },
  { key: 'duration', title: 'Duration', width: '96px', number: true, sortable: true, from: 980, cell: (run) => <DurationCell run={run} /> },
];

function NameCell({ run }: { run: Run }) {
  return (
    <>
      <a class="run-name" href={hrefOf('run', { params: { id: run.id } })} tabIndex={-1}>{run.name}</a>
      <span class="run-about">{[run.recipe === run.name ? null : run.recipe, run.spec.dataset.name, ...(run.tags ?? [])].filter(Boolean).join(' · ')}</span>
    </>
  );
}

function ProgressCell({ run }: { run: Run }) {
  const { state, progress: { step, totalSteps } } = run;
  if (step === 0) return null;
  if (hasEnded(state) && step >= totalSteps) return <span class="muted">{several(run.progress.epochs, 'epoch')}</span>;
  return (
    <div class="run-progress">
      <Progress share={step / totalSteps} state={state} label={`Progress of ${run.name}`} />
      <span class="muted">{progressLineOf(run)}</span>
    </div>
  );
}

function BestCell({ run }: { run: Run }) {
  const headline = headlineOf(run);
  return headline === null ? <span class="muted">–</span> : <span title={headline.label}>{headline.text}</span>;
}

function StartedCell({ run: { startedAt, createdAt } }: { run: Run }) {
  return <span class="muted">{startedAt === null ? `sent ${ago(createdAt, useNow())}` : ago(startedAt, useNow())}</span>;
}

function DurationCell({ run }: { run: Run }) {
  const lasted = lastedMsOf(run, useNow());
  return <span class="muted">{lasted === null ? '–' : duration(lasted)}</span>;
}

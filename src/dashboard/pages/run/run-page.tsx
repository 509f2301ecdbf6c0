// One run, as it happens.
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import { ApiError } from '../../api/error.js';
import type { Params } from '../../lib/match.js';
import { hrefOf } from '../../lib/router.js';
import { headlineOf } from '../../lib/run-words.js';
import { useTitle } from '../../lib/title.js';
import { noteRun } from '../../live/run-list.js';
import { hasEnded } from '../../../portable/run-states.js';
import type { RunRecord } from '../../live/run-record.js';
import { useRun, type RunStore } from '../../live/run-store.js';
import { useFiles } from '../../live/use-files.js';
import { onlyRun } from '../../api/session.js';
import type { Artifact, Run } from '../../api/types.js';
import { Card, Empty, ErrorNote, Loading } from '../../ui/surfaces.js';
import { QueueNote } from './queue-note.js';
import { RunAdvice } from './advice/run-advice.js';
import { RunCharts } from './run-charts.js';
import { RunEvents } from './run-events.js';
import { RunFiles } from './run-files.js';
import { RunHead } from './run-head.js';
import { RunEvaluation } from './evaluation/run-evaluation.js';
import { RunLog } from './log/run-log.js';
import { RunModel } from './model/run-model.js';
import { useRunView } from './run-view.js';
import { stepOf, type Event } from './timeline/happenings.js';
import { useEvents } from './timeline/use-events.js';
import { RunSystem } from './system/run-system.js';
import { TryIt } from './try-it.js';
import './run.css';

export function RunPage({ params }: { params: Params }) {
  const id = params.id ?? '';
  const store = useRun(id);
  if (store === null) return <Waiting />;
  if (store.gone.value) return <Missing title="The run was deleted" about="Its curves and files are gone with it." />;
  const error = store.error.value;
  if (error instanceof ApiError && (error.code === 'not_found' || error.status === 400)) return <Missing title="There is no such run" about="It may have been deleted, or is of another team." />;
  const run = store.run.value;
  const record = store.record();
  if (run === null || record === null) return error === undefined ? <Waiting /> : <ErrorNote title="The run could not be read." error={error} onRetry={() => store.reload()} />;
  return <Shown key={id} store={store} run={run} record={record} />;
}

const NONE: readonly Event[] = [];
const NO_FILES: readonly Artifact[] = [];

function Shown({ store, run, record }: { store: RunStore; run: Run; record: RunRecord }) {
  const version = store.version.value;
  const { progress, state, name } = run;
  const headline = headlineOf(run);
  useTitle(hasEnded(state) ? `${name}: ${headline?.text ?? state}` : `${Math.floor((progress.step / progress.totalSteps) * 100)} % · ${name}`);
  const view = useRunView(run, record);
  const events = useEvents(run, record);
  const files = useFiles(run);
  const all = events.events ?? NONE;
  const placeOf = useRef(view.placeOf);
  placeOf.current = view.placeOf;
  const pointAt = useCallback((event: Event | null) => {
    view.group.hover.value = event === null ? null : placeOf.current(Date.parse(event.at), stepOf(event));
  }, [view.group]);
  // With each batch only the numbers of the row are others: what shows none of them is left alone.
  const row = useMemo(() => run, [run.id, run.state, run.attempt, run.spec, run.bestEpoch]);
  const about = useMemo(
    () => (
      <div class="run-after">
        <div class="run-column">
          <TryIt run={row} files={files.data} />
          <RunModel run={row} />
        </div>
        <div class="run-column">
          <RunEvents events={events} onPoint={pointAt} />
          <Card title="Files"><RunFiles run={row} files={files} /></Card>
        </div>
      </div>
    ),
    [row, events, pointAt, files.data, files.error],
  );
  const advice = useMemo(() => <RunAdvice run={row} events={all} />, [row, all]);
  // The list of runs need not wait until it asks again.
  useEffect(() => noteRun(run), [run.state]);
  return (
    <article class="run" aria-labelledby="run-name">
      {onlyRun() === null && <a class="run-back" href={hrefOf('runs')}>All runs</a>}
      <RunHead run={run} files={files.data ?? NO_FILES} onChanged={(fresh) => store.took(fresh)} />
      <QueueNote run={run} />
      {advice}
      <RunCharts run={run} record={record} version={version} view={view} events={all} />
      <RunEvaluation run={run} record={record} />
      {about}
      <RunSystem run={run} record={record} />
      <RunLog run={run} record={record} />
    </article>
  );
}

function Waiting() {
  return <div class="run"><Loading height={72} label="Loading the run" /><Loading height={24} /><div class="run-charts"><Loading height={344} /><Loading height={344} /></div></div>;
}

function Missing({ title, about }: { title: string; about: string }) {
  return <Empty title={title}><p>{about}</p>{onlyRun() === null && <a class="button" href={hrefOf('runs')}>All runs</a>}</Empty>;
}

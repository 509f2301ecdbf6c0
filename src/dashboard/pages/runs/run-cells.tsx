// The columns of the table of runs, and what stands in their cells.
import { identity } from '../../api/session.js';
import type { Run } from '../../api/types.js';
import { useNow } from '../../lib/clock.js';
import { ago, count, duration, plain, several } from '../../lib/format.js';
import { hrefOf } from '../../lib/router.js';
import { bestOf, formatOf, lastedMsOf, leftMsOf, startOf } from '../../lib/run-words.js';
import { shortPath } from '../../lib/spec-paths.js';
import { hasEnded } from '../../../portable/run-states.js';
import { Progress, StateBadge } from '../../ui/surfaces.js';
import type { VirtualColumn } from '../../ui/virtual-table.js';
import { chosenOf } from './select-runs.js';
import { Sparkline } from './sparkline.js';

/** `left`: when a run that waits is likely to start, by its id. */
export function usualColumns(starts: ReadonlyMap<string, string | null>): readonly VirtualColumn<Run>[] {
  return [
    { key: 'name', title: 'Name', width: 'minmax(96px, 2.2fr)', sortable: true, cell: (run) => <NameCell run={run} /> },
    { key: 'state', title: 'State', width: '104px', sortable: true, cell: ({ state }) => <StateBadge state={state} /> },
    { key: 'curve', title: 'Loss', hint: 'Validation loss where there is one', width: '100px', from: 540, cell: (run) => <Sparkline run={run} /> },
    { key: 'progress', title: 'Progress', width: 'minmax(110px, 1fr)', sortable: true, from: 760, cell: (run) => <ProgressCell run={run} /> },
    { key: 'left', title: 'Left', hint: 'Until the training ends, or is likely to begin', width: '104px', number: true, sortable: true, from: 860, cell: (run) => <LeftCell run={run} start={starts.get(run.id)} /> },
    { key: 'best', title: 'Best', hint: 'Accuracy, or else the loss, of its best epoch: the one with the least validation loss, or the best of what its early stopping watches', width: '76px', number: true, sortable: true, cell: (run) => <BestCell run={run} /> },
    { key: 'started', title: 'Started', width: '112px', number: true, sortable: true, from: 980, cell: (run) => <StartedCell run={run} /> },
    { key: 'duration', title: 'Duration', width: '96px', number: true, sortable: true, from: 1100, cell: (run) => <DurationCell run={run} /> },
  ];
}

const CHOSEN_WIDTH = 100;

/** The usual columns give way to those of one's choice: fewer of them are there where the table is `width` pixels wide. */
export const besides = (columns: readonly VirtualColumn<Run>[], { chosen, width }: { chosen: number; width: number }): readonly VirtualColumn<Run>[] =>
  chosen === 0 ? columns : columns.filter(({ from = 0 }) => from <= Math.max(760, width - chosen * (CHOSEN_WIDTH + 16)));

/** A hyperparameter or a metric of one's choice. */
export function chosenColumn(column: string): VirtualColumn<Run> {
  const name = column.slice(column.indexOf('.') + 1);
  const format = column.startsWith('metrics.') ? formatOf(name) : plain;
  return {
    key: column, title: column.startsWith('metrics.') ? name : shortPath(name), hint: name, width: `minmax(${CHOSEN_WIDTH}px, 1fr)`, sortable: true, number: true,
    cell: (run) => {
      const value = chosenOf(run, column);
      return value === null ? <span class="muted">–</span> : typeof value === 'number' ? format(value) : <span title={String(value)}>{String(value)}</span>;
    },
  };
}

/** What the columns need at least, for a table that scrolls sideways where there is less room. */
export const leastWidth = (columns: readonly VirtualColumn<Run>[], width: number): number =>
  columns.filter(({ from = 0 }) => from <= width).reduce((sum, column) => sum + Number(/\d+/.exec(column.width)?.[0] ?? 0) + 16, 16);

function NameCell({ run }: { run: Run }) {
  return (
    <>
      <a class="run-name" href={hrefOf('run', { params: { id: run.id } })} tabIndex={-1}>{run.name}</a>
      <span class="run-about">{[run.team === identity.value?.team ? null : run.team, run.recipe === run.name ? null : run.recipe, run.spec.dataset.name, ...(run.tags ?? [])].filter(Boolean).join(' · ')}</span>
    </>
  );
}

function ProgressCell({ run }: { run: Run }) {
  const { state, progress: { step, totalSteps, epoch, epochs } } = run;
  if (step === 0) return null;
  if (hasEnded(state) && step >= totalSteps) return <span class="muted">{several(epochs, 'epoch')}</span>;
  return (
    <div class="run-progress">
      <Progress share={step / totalSteps} state={state} label={`Progress of ${run.name}`} />
      <span class="muted">epoch {count(epoch)} of {count(epochs)}</span>
    </div>
  );
}

function LeftCell({ run, start }: { run: Run; start: string | null | undefined }) {
  const now = useNow();
  const left = leftMsOf(run, now);
  if (left !== null) return <>{duration(left)}</>;
  if (run.state !== 'queued' || start === undefined) return <span class="muted">–</span>;
  return <span class="muted">{start === null ? 'waits' : `starts ${Date.parse(start) - now < 1000 ? 'soon' : `in ${duration(Date.parse(start) - now)}`}`}</span>;
}

function BestCell({ run }: { run: Run }) {
  const best = bestOf(run);
  return best === null ? <span class="muted">–</span> : <span title={`${best.label}, ${run.bestEpoch === null ? 'latest epoch' : `epoch ${run.bestEpoch}`}`}>{best.text}</span>;
}

function StartedCell({ run }: { run: Run }) {
  const start = startOf(run);
  return <span class="muted">{start === null ? `sent ${ago(run.createdAt, useNow())}` : ago(start, useNow())}</span>;
}

function DurationCell({ run }: { run: Run }) {
  const lasted = lastedMsOf(run, useNow());
  return <span class="muted">{lasted === null ? '–' : duration(lasted)}</span>;
}

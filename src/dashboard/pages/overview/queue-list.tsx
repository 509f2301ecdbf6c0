// What waits: its place, why, and when it is likely to start. Runs of one user can be put in another order.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction } from '../../api/resource.js';
import { whyNotChange } from '../../api/session.js';
import type { Queue, QueueEntry, Run } from '../../api/types.js';
import { useNow } from '../../lib/clock.js';
import { ago, count, duration, moment, percent } from '../../lib/format.js';
import { hrefOf } from '../../lib/router.js';
import { shortId, withNames } from '../../lib/run-names.js';
import { Button } from '../../ui/button.js';
import { StartEstimate } from '../../ui/start-estimate.js';
import { Empty, ErrorNote, Loading } from '../../ui/surfaces.js';
import { stepsOf, type Steps } from './line-up.js';
import { PriorityDialog } from './priority-dialog.js';
import type { AtWork } from './use-runs-at-work.js';

export function QueueList({ waiting: { data, error, reload }, known }: Pick<AtWork, 'waiting' | 'known'>) {
  const [asked, setAsked] = useState<Run | null>(null);
  const move = useAction(async ({ move: id, before }: { move: string; before: string }) => {
    await take(api.POST('/v1/runs/{id}/move', { params: { path: { id } }, body: { before } }));
    reload();
  });
  if (data === undefined) return error === undefined ? <Loading height={56} lines={3} label="Loading the queue" /> : <ErrorNote error={error} onRetry={reload} />;
  const { queue } = data;
  const steps = stepsOf(queue.items, known);
  return (
    <>
      <ErrorNote error={move.error} title="It was not moved." />
      <ErrorNote error={error} title="This may be old." onRetry={reload} />
      {queue.items.length === 0 ? <NothingWaits queue={queue} /> : (
        <ol class="queue">
          {queue.items.map((entry) => <Waiting key={entry.runId} entry={entry} run={known.get(entry.runId)} reason={withNames(entry.reason.message, (id) => known.get(id)?.name)} steps={steps.get(entry.runId)} busy={move.busy} onMove={move.run} onPriority={setAsked} />)}
        </ol>
      )}
      <Standing queue={queue} />
      {asked !== null && <PriorityDialog run={asked} onClose={() => setAsked(null)} onDone={reload} />}
    </>
  );
}

interface WaitingProps {
  entry: QueueEntry;
  run: Run | undefined;
  /** Why it waits. */
  reason: string;
  steps: Steps | undefined;
  busy: boolean;
  onMove(step: NonNullable<Steps['earlier']>): void;
  onPriority(run: Run): void;
}

function Waiting({ entry: { runId, position, estimatedStart, queuedAt }, run, reason, steps, busy, onMove, onPriority }: WaitingProps) {
  const now = useNow();
  const name = run?.name ?? shortId(runId);
  const mayChange = run !== undefined && whyNotChange(run) === null;
  return (
    <li data-run={runId}>
      <span class="queue-place" title="Its place among all that wait"><span class="hidden-text">Place </span>{count(position)}</span>
      <div class="queue-about">
        <p><a href={hrefOf('run', { params: { id: runId } })}>{name}</a> <span class="muted small" title={moment(queuedAt)}>{[run?.user, `since ${ago(queuedAt, now)}`].filter(Boolean).join(' · ')}</span></p>
        <p class="small">{reason}</p>
        <p class="small queue-start"><StartEstimate estimate={estimatedStart} /></p>
      </div>
      {mayChange && (
        <div class="queue-buttons" role="group" aria-label={`Order of ${name}`}>
          <Button quiet label={`P${run.priority}: priority of ${name}`} title="Priority" onClick={() => onPriority(run)}>{`P${run.priority}`}</Button>
          <Button quiet label={`Start ${name} earlier`} why={steps?.earlier == null ? 'No run of the same user waits before it.' : null} title="Earlier" onClick={() => onMove(steps!.earlier!)} busy={busy}>↑</Button>
          <Button quiet label={`Start ${name} later`} why={steps?.later == null ? 'No run of the same user waits behind it.' : null} title="Later" onClick={() => onMove(steps!.later!)} busy={busy}>↓</Button>
        </div>
      )}
    </li>
  );
}

function NothingWaits({ queue: { waiting } }: { queue: Queue }) {
  return <Empty title="Nothing waits"><p>{waiting === 0 ? 'Whatever is submitted now starts as soon as it fits.' : `No run of your team; ${count(waiting)} of other teams ${waiting === 1 ? 'does' : 'do'}.`}</p></Empty>;
}

/** How the team stands, and how far such estimates can be believed. */
function Standing({ queue: { team: { share, used, leftTodaySeconds }, accuracy } }: { queue: Queue }) {
  const { count: told, medianErrorSeconds, withinInterval } = accuracy;
  return (
    <dl class="queue-standing small">
      <div title="By its weight among the teams that hold or want devices"><dt class="muted">Due to your team</dt><dd>{Math.round(share * 100)} %</dd></div>
      <div title="Older use counts less"><dt class="muted">Used of late</dt><dd>{Math.round(used * 100)} %</dd></div>
      {leftTodaySeconds !== null && <div title="Until midnight in UTC"><dt class="muted">Left today</dt><dd>{duration(leftTodaySeconds * 1000)} of GPU</dd></div>}
      {medianErrorSeconds !== null && <div title={`${count(told)} estimates of the last seven days${withinInterval === null ? '' : `; ${percent(withinInterval)} started within what was said`}`}><dt class="muted">Half started within</dt><dd>{duration(medianErrorSeconds * 1000)} of what was said</dd></div>}
    </dl>
  );
}

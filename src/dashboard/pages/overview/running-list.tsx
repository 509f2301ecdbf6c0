// What runs: how far, how well, and until when.
import type { Resource } from '../../api/resource.js';
import type { Run } from '../../api/types.js';
import { whyNot } from '../../api/session.js';
import { palette } from '../../charts/palette.js';
import { useNow } from '../../lib/clock.js';
import { moment } from '../../lib/format.js';
import { hrefOf } from '../../lib/router.js';
import { headlineOf, leftMsOf, progressLineOf } from '../../lib/run-words.js';
import { Empty, ErrorNote, Loading, Progress, StateBadge } from '../../ui/surfaces.js';

export function RunningList({ runs: { data, error, reload } }: { runs: Resource<readonly Run[]> }) {
  if (data === undefined) return error === undefined ? <Loading height={56} lines={3} label="Loading what runs" /> : <ErrorNote error={error} onRetry={reload} />;
  return (
    <>
      <ErrorNote error={error} title="This may be old." onRetry={reload} />
      {data.length === 0 ? <NothingRuns /> : <ol class="running">{[...data].sort((a, b) => (a.startedAt ?? '').localeCompare(b.startedAt ?? '')).map((run) => <Running key={run.id} run={run} />)}</ol>}
    </>
  );
}

function Running({ run }: { run: Run }) {
  const { id, name, state, user, placement, progress: { step, totalSteps } } = run;
  const now = useNow();
  const headline = headlineOf(run);
  const left = leftMsOf(run, now);
  return (
    <li data-run={id}>
      <div class="running-head">
        <i class="swatch" aria-hidden="true" style={{ background: palette.paintOf(id).color }} />
        <a href={hrefOf('run', { params: { id } })}>{name}</a>
        <StateBadge state={state} />
        <span class="running-best number" title={headline?.label}>{headline?.text ?? ''}</span>
      </div>
      <Progress share={step / totalSteps} state={state} label={`Progress of ${name}`} />
      <p class="muted small running-facts">
        <span title={left === null ? undefined : `Until about ${moment(new Date(now + left).toISOString())}`}>{progressLineOf(run, now)}</span>
        <span>{[user, placement === null ? null : `${placement.box}, ${placement.devices.join(' and ')}`].filter(Boolean).join(' · ')}</span>
      </p>
    </li>
  );
}

function NothingRuns() {
  return (
    <Empty title="Nothing runs">
      <p>No run of your team is on a device.</p>
      {whyNot('write') === null ? <a class="button" href={hrefOf('newRun')}>Train a recipe</a> : <a class="button" href={hrefOf('runs')}>Look at earlier runs</a>}
    </Empty>
  );
}

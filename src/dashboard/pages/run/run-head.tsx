// What a run is, how far it is, and what one can have it do.
import type { Run } from '../../api/types.js';
import { useNow } from '../../lib/clock.js';
import { count, duration, sentence, words } from '../../lib/format.js';
import { headlineOf, lastedMsOf, leftMsOf, specLineOf, speedOf } from '../../lib/run-words.js';
import { hasEnded } from '../../../portable/run-states.js';
import { Progress, StateBadge } from '../../ui/surfaces.js';
import { RunActions, type RunActionsProps } from './run-actions.js';

export function RunHead({ run, files, onChanged }: RunActionsProps) {
  const { name, state, progress } = run;
  const now = useNow();
  const headline = headlineOf(run);
  const why = reasonOf(run);
  return (
    <>
      <header class="run-head">
        <div class="run-title">
          <StateBadge state={state} live />
          <h1 id="run-name">{name}</h1>
          <p class="muted small">{specLineOf(run, now)}</p>
          {run.tags !== null && run.tags.length > 0 && <ul class="run-tags" aria-label="Tags">{run.tags.map((tag) => <li key={tag}>{tag}</li>)}</ul>}
        </div>
        <p class="run-hero"><output>{headline?.text ?? ''}</output><span>{headline?.label ?? ''}</span></p>
      </header>
      {why !== '' && state !== 'failed' && <p class="note" data-tone={state === 'lost' || state === 'cancelling' ? 'amber' : undefined}>{why}</p>}
      <div class="run-journey">
        <Progress share={progress.step / progress.totalSteps} state={state} label="Steps trained" text={`step ${count(progress.step)} of ${count(progress.totalSteps)}`} />
        <dl class="run-facts">
          {factsOf(run, now).map(([term, fact]) => <div key={term} title={term === 'Device' ? fact : undefined}><dt>{term}</dt><dd>{fact}</dd></div>)}
        </dl>
        <RunActions run={run} files={files} onChanged={onChanged} />
      </div>
    </>
  );
}

/** Why it is as it is, where that is not plain. */
function reasonOf({ reason, message }: Run): string {
  const known = reason === null || reason.startsWith('user_') ? null : words(reason);
  return sentence([known, message].filter(Boolean).join(': '));
}

function factsOf(run: Run, now: number): [string, string][] {
  const { progress: { epoch, epochs, step, totalSteps }, bestEpoch, endedAt, device, backend, state } = run;
  const lasted = lastedMsOf(run, now);
  const left = leftMsOf(run, now);
  const speed = speedOf(run);
  return [
    ['Epoch', `${count(epoch)} of ${count(epochs)}${bestEpoch !== null && endedAt !== null ? `, best ${count(bestEpoch)}` : ''}`],
    ['Step', `${count(step)} of ${count(totalSteps)}`],
    ['Speed', speed === null ? '–' : `${count(speed)} examples/s`],
    [hasEnded(state) ? 'Took' : 'Time', lasted === null ? '–' : `${duration(lasted)}${left === null ? '' : `, about ${duration(left)} left`}`],
    ['Device', device === null ? '–' : `${device.replace(/\((R|TM)\)/g, '')}${backend === null || backend === device ? '' : ` (${backend})`}`],
  ];
}

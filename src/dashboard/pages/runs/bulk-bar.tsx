// What can be done to the runs that are marked. Only what the service would do is offered, with how many it concerns.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { wordsOf } from '../../api/error.js';
import { whyNotChange } from '../../api/session.js';
import type { Run } from '../../api/types.js';
import { several } from '../../lib/format.js';
import { hrefOf } from '../../lib/router.js';
import { severalAtATime } from '../../lib/several-at-a-time.js';
import type { Steer } from '../../lib/steering.js';
import { forgetRun, noteRun } from '../../live/run-list.js';
import { Button } from '../../ui/button.js';
import { Confirm, Dialog } from '../../ui/dialog.js';
import { toast } from '../../ui/toasts.js';
import { openTo, outcome, retagged, type Failure } from './bulk.js';
import { TagDialog } from './tag-dialog.js';

const BUTTONS: readonly { steer: Exclude<Steer, 'delete'>; name: string; done: string }[] = [
  { steer: 'pause', name: 'Pause', done: 'told to pause' },
  { steer: 'resume', name: 'Resume', done: 'resumed' },
  { steer: 'cancel', name: 'Cancel', done: 'told to stop' },
];
/** As many as the page that compares them takes. */
const MOST_COMPARED = 100;

export function BulkBar({ selected, hidden, onClear }: { selected: readonly Run[]; /** Marked, but not in the list as it is filtered. */ hidden: number; onClear(): void }) {
  const [asked, setAsked] = useState<'delete' | 'cancel' | 'tag' | null>(null);
  const [busy, setBusy] = useState(false);
  const [failures, setFailures] = useState<readonly Failure[]>([]);
  const open = openTo(selected, (run) => whyNotChange(run) === null);
  const taggable = selected.filter((run) => whyNotChange(run) === null);

  const doAll = async (runs: readonly Run[], act: (run: Run) => Promise<void>, word: string) => {
    setBusy(true);
    setAsked(null);
    const results = await severalAtATime(runs, act);
    const failed = results.flatMap((result, at) => (result.status === 'rejected' ? [{ run: runs[at]!, reason: result.reason as unknown }] : []));
    setBusy(false);
    setFailures(failed);
    toast(outcome(runs.length - failed.length, failed.length, word));
  };
  const steer = (what: Steer, word: string) => doAll(open[what], steerOne[what], word);

  return (
    <>
      <div class="bulk" role="toolbar" aria-label="What to do with the marked runs" aria-busy={busy}>
        <p role="status"><b>{selected.length}</b> marked{hidden > 0 && <span class="muted">, {hidden} not shown</span>}</p>
        <a class={`button button-primary${selected.length < 2 ? ' bulk-off' : ''}`} href={hrefOf('compare', { query: { runs: selected.slice(0, MOST_COMPARED).map(({ id }) => id).join(',') } })}>Compare</a>
        {taggable.length > 0 && <Button busy={busy} onClick={() => setAsked('tag')}>Tag</Button>}
        {BUTTONS.filter((button) => open[button.steer].length > 0).map(({ steer: what, name, done }) => (
          <Button key={what} busy={busy} label={`${name} ${several(open[what].length, 'run')}`} onClick={() => (what === 'cancel' ? setAsked('cancel') : void steer(what, done))}>{name} <Many of={open[what].length} all={selected.length} /></Button>
        ))}
        {open.delete.length > 0 && <Button danger busy={busy} label={`Delete ${several(open.delete.length, 'run')}`} onClick={() => setAsked('delete')}>Delete <Many of={open.delete.length} all={selected.length} /></Button>}
        <Button quiet onClick={onClear} label="Mark none">✕</Button>
      </div>
      {asked === 'delete' && (
        <Confirm title={`Delete ${several(open.delete.length, 'run')}?`} action="Delete for good" onConfirm={() => void steer('delete', 'deleted')} onClose={() => setAsked(null)}>
          <p>Their curves, events and files go, and the bytes that no other run uses are freed. This cannot be undone.</p>
          <Names runs={open.delete} />
        </Confirm>
      )}
      {asked === 'cancel' && (
        <Confirm title={`Cancel ${several(open.cancel.length, 'run')}?`} action={`Cancel ${several(open.cancel.length, 'run')}`} onConfirm={() => void steer('cancel', 'told to stop')} onClose={() => setAsked(null)}>
          <p>What they have trained so far stays, and they can be resumed.</p>
          <Names runs={open.cancel} />
        </Confirm>
      )}
      {asked === 'tag' && <TagDialog runs={taggable} onClose={() => setAsked(null)} onTag={(change) => {
        const changed = taggable.filter(({ tags }) => retagged(tags, change) !== null);
        void doAll(changed, async (run) => noteRun(await take(api.PATCH('/v1/runs/{id}', { params: { path: { id: run.id } }, body: { tags: retagged(run.tags, change) } }))), 'tagged');
      }} />}
      {failures.length > 0 && (
        <Dialog title={`${several(failures.length, 'run was', 'runs were')} left as ${failures.length === 1 ? 'it was' : 'they were'}`} onClose={() => setFailures([])} buttons={<Button primary onClick={() => setFailures([])}>Close</Button>}>
          <ul class="bulk-failures">{failures.map(({ run, reason }) => <li key={run.id}><b>{run.name}</b> {wordsOf(reason)}</li>)}</ul>
        </Dialog>
      )}
    </>
  );
}

const steerOne: Record<Steer, (run: Run) => Promise<void>> = {
  pause: async ({ id }) => noteRun(await take(api.POST('/v1/runs/{id}/pause', { params: { path: { id } } }))),
  resume: async ({ id }) => noteRun(await take(api.POST('/v1/runs/{id}/resume', { params: { path: { id } } }))),
  cancel: async ({ id }) => noteRun(await take(api.POST('/v1/runs/{id}/cancel', { params: { path: { id } } }))),
  delete: async ({ id }) => {
    await take(api.DELETE('/v1/runs/{id}', { params: { path: { id } } }));
    forgetRun(id);
  },
};

/** Where an action concerns only some of those that are marked. */
const Many = ({ of, all }: { of: number; all: number }) => (of === all ? null : <span class="muted">{of}</span>);

function Names({ runs }: { runs: readonly Run[] }) {
  const shown = runs.slice(0, 6);
  return <p class="small muted">{shown.map(({ name }) => name).join(', ')}{runs.length > shown.length && ` and ${runs.length - shown.length} more`}</p>;
}

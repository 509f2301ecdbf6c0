// What one can have a run do. What its state or one's rights do not allow is not there.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction } from '../../api/resource.js';
import { onlyRun, whyNot, whyNotChange } from '../../api/session.js';
import type { Artifact, Run } from '../../api/types.js';
import { go, hrefOf } from '../../lib/router.js';
import { forgetRun, noteRun } from '../../live/run-list.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { Menu, type MenuEntry } from '../../ui/menu.js';
import { ErrorNote } from '../../ui/surfaces.js';
import { toast } from '../../ui/toasts.js';
import { allowedActions, statesOf, type RunAction } from './actions/allowed.js';
import { ExtendDialog } from './actions/extend-dialog.js';
import { ForkDialog } from './actions/fork-dialog.js';
import { NotesDialog } from './actions/notes-dialog.js';
import { ShareDialog } from './actions/share-dialog.js';

type Steer = 'pause' | 'resume' | 'cancel';
const MORE = [{ key: 'fork', label: 'Fork from a checkpoint' }, { key: 'edit', label: 'Name and tags' }, { key: 'share', label: 'Share' }, { key: 'delete', label: 'Delete run', danger: true }] as const;

export interface RunActionsProps {
  run: Run;
  /** Its files, as far as they were read. */
  files: readonly Artifact[];
  onChanged(run: Run): void;
}

export function RunActions({ run, files, onChanged }: RunActionsProps) {
  const { id, state, name } = run;
  const states = statesOf(files);
  const [asked, setAsked] = useState<RunAction | null>(null);
  const steer = useAction(async (what: Steer) => {
    const params = { params: { path: { id } } };
    const answer = what === 'pause' ? api.POST('/v1/runs/{id}/pause', params) : what === 'resume' ? api.POST('/v1/runs/{id}/resume', params) : api.POST('/v1/runs/{id}/cancel', params);
    noteRun(await take(answer as Promise<{ data?: Run }>));
  });
  const remove = useAction(async () => {
    await take(api.DELETE('/v1/runs/{id}', { params: { path: { id } } }));
    forgetRun(id);
    go(hrefOf('runs'));
    toast(`${name} is deleted.`);
  });
  const allowed = allowedActions(run, { mayChange: onlyRun() === null && whyNotChange(run) === null, maySubmit: onlyRun() === null && whyNot('write') === null, hasStates: states.length > 0 });
  if (allowed.size === 0) return null;
  const close = () => setAsked(null);
  const entries: MenuEntry[] = MORE.filter(({ key }) => allowed.has(key)).map((entry) => ({ ...entry, onSelect: () => setAsked(entry.key) }));
  return (
    <>
      <div class="run-actions" role="group" aria-label="Steer the run">
        {allowed.has('pause') && <Button busy={steer.busy || state === 'pausing'} onClick={() => steer.run('pause')}>Pause</Button>}
        {allowed.has('resume') && <Button busy={steer.busy} onClick={() => steer.run('resume')}>Resume</Button>}
        {allowed.has('cancel') && <Button busy={steer.busy || state === 'cancelling'} onClick={() => steer.run('cancel')}>Cancel run</Button>}
        {allowed.has('extend') && <Button onClick={() => setAsked('extend')}>Extend</Button>}
        {allowed.has('clone') && <a class="button" href={hrefOf('newRun', { query: { from: id } })}>Clone and edit</a>}
        {entries.length > 0 && <Menu label="More" entries={entries} />}
      </div>
      <ErrorNote error={steer.error} />
      {asked === 'extend' && <ExtendDialog run={run} onClose={close} />}
      {asked === 'fork' && <ForkDialog run={run} states={states} onClose={close} />}
      {asked === 'edit' && <NotesDialog run={run} onChanged={onChanged} onClose={close} />}
      {asked === 'share' && <ShareDialog run={run} onClose={close} />}
      {asked === 'delete' && (
        <Confirm title={`Delete ${name}?`} action="Delete it for good" busy={remove.busy} onConfirm={() => remove.run()} onClose={close}>
          <p>Its curves, events and files go, and the bytes that no other run uses are freed. This cannot be undone.</p>
          <ErrorNote error={remove.error} />
        </Confirm>
      )}
    </>
  );
}

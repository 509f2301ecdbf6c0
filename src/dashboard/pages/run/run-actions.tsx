// The buttons of a run. What the service would refuse cannot be pressed, and says why.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction } from '../../api/resource.js';
import { onlyRun, whyNotChange } from '../../api/session.js';
import type { Run, RunState } from '../../api/types.js';
import { go, hrefOf } from '../../lib/router.js';
import { forgetRun, noteRun } from '../../live/run-list.js';
import { hasEnded } from '../../live/run-record.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { ErrorNote } from '../../ui/surfaces.js';
import { toast } from '../../ui/toasts.js';

type Steer = 'pause' | 'resume' | 'cancel';
const PAUSABLE: readonly RunState[] = ['queued', 'starting', 'running', 'lost', 'pausing'];
const RESUMABLE: readonly RunState[] = ['paused', 'failed', 'cancelled'];

export function RunActions({ run }: { run: Run }) {
  const { id, state, name } = run;
  const why = whyNotChange(run);
  const [asked, setAsked] = useState(false);
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
  if (onlyRun() !== null) return null;
  return (
    <>
      <div class="run-actions" role="group" aria-label="Steer the run">
        {PAUSABLE.includes(state) && <Button busy={steer.busy || state === 'pausing'} why={why} onClick={() => steer.run('pause')}>Pause</Button>}
        {RESUMABLE.includes(state) && <Button busy={steer.busy} why={why} onClick={() => steer.run('resume')}>Resume</Button>}
        {!hasEnded(state) && <Button busy={steer.busy || state === 'cancelling'} why={why} onClick={() => steer.run('cancel')}>Cancel run</Button>}
        {hasEnded(state) && <Button danger why={why} onClick={() => setAsked(true)}>Delete run</Button>}
      </div>
      <ErrorNote error={steer.error ?? remove.error} />
      {asked && (
        <Confirm title={`Delete ${name}?`} action="Delete it for good" busy={remove.busy} onConfirm={() => remove.run()} onClose={() => setAsked(false)}>
          <p>Its curves, events and files go, and the bytes that no other run uses are freed. This cannot be undone.</p>
        </Confirm>
      )}
    </>
  );
}

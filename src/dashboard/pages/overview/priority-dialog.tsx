// The priority of a run that waits.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction } from '../../api/resource.js';
import type { Run } from '../../api/types.js';
import { noteRun } from '../../live/run-list.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import { ErrorNote } from '../../ui/surfaces.js';

const MOST = 100;

export function PriorityDialog({ run, onClose, onDone }: { run: Run; onClose(): void; onDone(): void }) {
  const [text, setText] = useState(String(run.priority));
  const priority = text.trim() === '' ? NaN : Number(text);
  const fault = Number.isInteger(priority) && priority >= 0 && priority <= MOST ? null : `A whole number from 0 to ${MOST}.`;
  const save = useAction(async () => {
    noteRun(await take(api.PATCH('/v1/runs/{id}', { params: { path: { id: run.id } }, body: { priority } })));
    onDone();
    onClose();
  });
  const submit = (event: Event) => {
    event.preventDefault();
    if (fault === null) save.run();
  };
  return (
    <Dialog title={`Priority of ${run.name}`} onClose={onClose} buttons={<><Button onClick={onClose}>Leave it</Button><Button primary busy={save.busy} why={fault} onClick={() => save.run()}>Save</Button></>}>
      <form class="priority" onSubmit={submit}>
        <TextField label="Priority" type="number" value={text} onInput={setText} fault={fault} autoFocus note="Among the runs of one user, higher starts earlier. It changes nothing between users and teams." />
        <ErrorNote error={save.error} />
      </form>
    </Dialog>
  );
}

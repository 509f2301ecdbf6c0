// More epochs for a run that has succeeded.
import { useState } from 'preact/hooks';
import { api, take } from '../../../api/client.js';
import type { Run } from '../../../api/types.js';
import { several } from '../../../lib/format.js';
import { noteRun } from '../../../live/run-list.js';
import { TextField } from '../../../ui/field.js';
import { toast } from '../../../ui/toasts.js';
import { wholeFrom1 } from './allowed.js';
import { FormDialog } from './form-dialog.js';

export function ExtendDialog({ run: { id, name, progress }, onClose }: { run: Run; onClose(): void }) {
  const [text, setText] = useState(String(progress.epochs));
  const epochs = wholeFrom1(text);
  const send = async () => {
    noteRun(await take(api.POST('/v1/runs/{id}/extend', { params: { path: { id } }, body: { epochs: epochs ?? 1 } }) as Promise<{ data?: Run }>));
    toast(`${name} goes on for ${several(epochs ?? 1, 'more epoch')}.`);
  };
  return (
    <FormDialog title={`Extend ${name}`} action="Train on" why={epochs === null ? 'How many epochs?' : null} onSend={send} onClose={onClose}>
      <p>It goes on from its last training state: its curves continue, and its model is replaced. {several(progress.epoch, 'epoch')} {progress.epoch === 1 ? 'is' : 'are'} done.</p>
      <TextField label="More epochs" type="number" value={text} onInput={setText} fault={epochs === null ? 'A whole number from 1 on.' : null} autoFocus />
    </FormDialog>
  );
}

// What people write on a run: its name and its tags.
import { useState } from 'preact/hooks';
import { api, take } from '../../../api/client.js';
import type { Run } from '../../../api/types.js';
import { noteRun } from '../../../live/run-list.js';
import { TextField } from '../../../ui/field.js';
import { parseTags } from './allowed.js';
import { FormDialog } from './form-dialog.js';

export function NotesDialog({ run, onChanged, onClose }: { run: Run; onChanged(run: Run): void; onClose(): void }) {
  const [name, setName] = useState(run.name);
  const [tags, setTags] = useState(run.tags.join(', '));
  const send = async () => {
    const changed = await take(api.PATCH('/v1/runs/{id}', { params: { path: { id: run.id } }, body: { name: name.trim(), tags: parseTags(tags) } }));
    noteRun(changed);
    onChanged(changed);
  };
  return (
    <FormDialog title="Name and tags" action="Save" why={name.trim() === '' ? 'It needs a name.' : null} onSend={send} onClose={onClose}>
      <TextField label="Name" value={name} onInput={setName} fault={name.trim() === '' ? 'It needs a name.' : null} autoFocus />
      <TextField label="Tags" value={tags} onInput={setTags} placeholder="baseline, keep" note={<>With commas between. A run with the tag <code>keep</code> is never cleared away.</>} />
    </FormDialog>
  );
}

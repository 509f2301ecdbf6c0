// Tags that many runs are given, or lose.
import { useState } from 'preact/hooks';
import type { Run } from '../../api/types.js';
import { several } from '../../lib/format.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import { tagCounts, tagsIn } from './bulk.js';

export function TagDialog({ runs, onTag, onClose }: { runs: readonly Run[]; onTag(change: { add: readonly string[]; remove: readonly string[] }): void; onClose(): void }) {
  const [text, setText] = useState('');
  const [remove, setRemove] = useState<readonly string[]>([]);
  const [present] = useState(() => tagCounts(runs));
  const add = tagsIn(text);
  const fault = add.some((tag) => tag.length > 64) ? 'A tag has at most 64 letters.' : null;
  const why = fault ?? (add.length + remove.length === 0 ? 'Nothing to change yet.' : null);
  const send = (event: Event) => {
    event.preventDefault();
    if (why === null) onTag({ add, remove });
  };
  return (
    <Dialog title={`Tag ${several(runs.length, 'run')}`} onClose={onClose} buttons={<><Button onClick={onClose}>Leave it</Button><Button primary why={why} onClick={() => onTag({ add, remove })}>Tag them</Button></>}>
      <form class="tag-form" onSubmit={send}>
        <TextField label="Add" value={text} onInput={setText} placeholder="baseline, grid-3" note="Several with commas between. keep keeps a run from retention." fault={fault} autoFocus />
        {present.length > 0 && (
          <fieldset>
            <legend>Take away</legend>
            {present.map(([tag, many]) => (
              <label key={tag}><input type="checkbox" checked={remove.includes(tag)} onChange={() => setRemove(remove.includes(tag) ? remove.filter((one) => one !== tag) : [...remove, tag])} /> <span>{tag}</span> <span class="muted">{several(many, 'run')}</span></label>
            ))}
          </fieldset>
        )}
      </form>
    </Dialog>
  );
}

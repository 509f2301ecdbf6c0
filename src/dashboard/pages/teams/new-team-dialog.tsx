// A team that is to be.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction } from '../../api/resource.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import { ErrorNote } from '../../ui/surfaces.js';
import { toast } from '../../ui/toasts.js';
import { faultOfHandle } from './handle.js';

export function NewTeamDialog({ onClose, onMade }: { onClose(): void; onMade(name: string): void }) {
  const [name, setName] = useState('');
  const fault = faultOfHandle(name);
  const make = useAction(async () => {
    await take(api.POST('/v1/teams', { body: { name } }));
    onMade(name);
    onClose();
    toast(`${name} is there. Add its members next.`);
  });
  const submit = (event: Event) => {
    event.preventDefault();
    if (fault === null) make.run();
  };
  return (
    <Dialog title="New team" onClose={onClose} buttons={<><Button onClick={onClose}>Not now</Button><Button primary busy={make.busy} why={fault} onClick={() => make.run()}>Make the team</Button></>}>
      <form class="teams-form" onSubmit={submit}>
        <TextField label="Name" value={name} onInput={setName} required autoFocus fault={name === '' ? null : fault} note="It begins with weight 1 and without quotas." />
        <ErrorNote error={make.error} />
      </form>
    </Dialog>
  );
}

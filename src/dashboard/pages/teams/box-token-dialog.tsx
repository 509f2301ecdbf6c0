// A machine is let in: its token is shown once, as its supervisor is to be given it.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction } from '../../api/resource.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import { Secret } from '../../ui/secret.js';
import { ErrorNote } from '../../ui/surfaces.js';
import { faultOfBoxName } from './handle.js';

/** `name` is empty for one that has never joined. */
export function BoxTokenDialog({ name: known, onClose, onMade }: { name: string; onClose(): void; onMade(): void }) {
  const [name, setName] = useState(known);
  const [token, setToken] = useState<string | null>(null);
  const fault = faultOfBoxName(name);
  const make = useAction(async () => {
    setToken((await take(api.POST('/v1/boxes', { body: { name } }))).token);
    onMade();
  });
  if (token !== null) {
    return (
      <Dialog title={`${name} may join`} onClose={() => undefined} buttons={<Button onClick={onClose}>I have kept it</Button>}>
        <div class="teams-form">
          <p>Start its supervisor with these, and with the database and the queue of this service. The token is shown this once.</p>
          <Secret label="Settings of the supervisor" text={`TRAINYARD_BOX=${name}\nTRAINYARD_WORKER_TOKEN=${token}`} />
        </div>
      </Dialog>
    );
  }
  const submit = (event: Event) => {
    event.preventDefault();
    if (fault === null) make.run();
  };
  return (
    <Dialog title={known === '' ? 'Let a box join' : `A token for ${known}`} onClose={onClose} buttons={<><Button onClick={onClose}>Not now</Button><Button primary busy={make.busy} why={fault} onClick={() => make.run()}>Make the token</Button></>}>
      <form class="teams-form" onSubmit={submit}>
        {known === '' ? <TextField label="Name of the box" value={name} onInput={setName} autoFocus required fault={name === '' ? null : fault} /> : <p>It is asked for it at its next start; what runs there goes on.</p>}
        <p class="muted small">From the first token on, no machine joins without one.</p>
        <ErrorNote error={make.error} />
      </form>
    </Dialog>
  );
}

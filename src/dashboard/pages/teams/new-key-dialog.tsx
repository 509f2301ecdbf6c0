// A key is made. It is shown once, here.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction, useResource } from '../../api/resource.js';
import { identity, may } from '../../api/session.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Select, TextField } from '../../ui/field.js';
import { Secret } from '../../ui/secret.js';
import { ErrorNote } from '../../ui/surfaces.js';
import { readDays, SCOPES, type Scope } from './key-words.js';

export function NewKeyDialog({ team, onClose, onMade }: { team: string; onClose(): void; onMade(): void }) {
  const me = identity.value?.user ?? '';
  const isOwn = team === identity.value?.team;
  const members = useResource(`members ${team}`, async (signal) => (may('manage') ? (await take(api.GET('/v1/teams/{team}/members', { params: { path: { team } }, signal }))).items.map(({ user }) => user) : [me]));
  const [name, setName] = useState('');
  const [chosen, setUser] = useState<string | null>(isOwn ? me : null);
  const [days, setDays] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[] | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const user = chosen ?? members.data?.[0] ?? null;
  const expiresInDays = readDays(days);
  const make = useAction(async () => {
    const made = await take(api.POST('/v1/keys', { body: { name: name.trim(), team, user: user!, expiresInDays: expiresInDays ?? null, ...(scopes === null ? {} : { scopes: [...scopes] }) } }));
    setSecret(made.key);
    onMade();
  });
  if (secret !== null) {
    return (
      <Dialog title={`The key of ${user}`} onClose={() => undefined} buttons={<Button onClick={onClose}>I have kept it</Button>}>
        <div class="teams-form">
          <p>It is shown this once. Hand it over in a way that others do not see.</p>
          <Secret label="The key" text={secret} />
        </div>
      </Dialog>
    );
  }
  const allowed = SCOPES.filter(({ value }) => may(value));
  const why = name.trim() === '' ? 'Say what it is for.' : user === null ? 'The team has no members.' : expiresInDays === undefined ? 'The days are not right.' : scopes?.length === 0 ? 'It must be good for something.' : null;
  const toggle = (scope: Scope) => setScopes((before) => {
    const all = before ?? allowed.map(({ value }) => value);
    return all.includes(scope) ? all.filter((value) => value !== scope) : [...all, scope];
  });
  const submit = (event: Event) => {
    event.preventDefault();
    if (why === null) make.run();
  };
  return (
    <Dialog title={`New key for ${team}`} onClose={onClose} buttons={<><Button onClick={onClose}>Not now</Button><Button primary busy={make.busy} why={why} onClick={() => make.run()}>Make the key</Button></>}>
      <form class="teams-form" onSubmit={submit}>
        <TextField label="What it is for" value={name} onInput={setName} placeholder="notebook" autoFocus required />
        {(members.data?.length ?? 0) > 1 || !isOwn ? <Select label="Whose it is" value={user ?? ''} options={(members.data ?? []).map((value) => ({ value, label: value === me ? `${value} (you)` : value }))} onChange={(value) => setUser(value)} /> : null}
        <fieldset class="teams-scopes">
          <legend class="field-label">What it may do</legend>
          <label><input type="radio" name="scopes" checked={scopes === null} onChange={() => setScopes(null)} /> All that you both may</label>
          <label><input type="radio" name="scopes" checked={scopes !== null} onChange={() => setScopes(['read'])} /> Only this:</label>
          {scopes !== null && allowed.map(({ value, label }) => <label key={value} class="teams-scope"><input type="checkbox" checked={scopes.includes(value)} onChange={() => toggle(value)} /> <span><b>{value}</b> <span class="muted">{label}</span></span></label>)}
        </fieldset>
        <TextField label="Days until it ends" type="number" value={days} onInput={setDays} placeholder="never" fault={expiresInDays === undefined ? 'More than 0, at most 3,650.' : null} />
        <ErrorNote error={make.error ?? members.error} title="No key was made." />
      </form>
    </Dialog>
  );
}

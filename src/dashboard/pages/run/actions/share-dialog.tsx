// Who else may look at a run: whoever has a link, or another team.
import { useState } from 'preact/hooks';
import { api, take } from '../../../api/client.js';
import { useAction, useResource } from '../../../api/resource.js';
import type { Run } from '../../../api/types.js';
import { base } from '../../../lib/base.js';
import { moment } from '../../../lib/format.js';
import { Button } from '../../../ui/button.js';
import { Select, TextField } from '../../../ui/field.js';
import { Secret } from '../../../ui/secret.js';
import { ErrorNote, Loading } from '../../../ui/surfaces.js';
import { FormDialog } from './form-dialog.js';

type Days = '7' | '30' | 'ever';
const DAYS: readonly { value: Days; label: string }[] = [{ value: '7', label: 'for a week' }, { value: '30', label: 'for 30 days' }, { value: 'ever', label: 'until it is withdrawn' }];

export function ShareDialog({ run: { id, name }, onClose }: { run: Run; onClose(): void }) {
  const params = { path: { id } };
  const shares = useResource(`shares ${id}`, async (signal) => (await take(api.GET('/v1/runs/{id}/shares', { params, signal }))).items);
  const [days, setDays] = useState<Days>('7');
  const [team, setTeam] = useState('');
  const [link, setLink] = useState<string | null>(null);
  const withdraw = useAction(async (share: string) => {
    await take(api.DELETE('/v1/runs/{id}/shares/{share}', { params: { path: { id, share } } }));
    setLink(null);
    shares.reload();
  });
  const send = async () => {
    const whom = team.trim() === '' ? {} : { team: team.trim() };
    const share = await take(api.POST('/v1/runs/{id}/shares', { params, body: { ...whom, expiresInDays: days === 'ever' ? null : Number(days) } }));
    setLink(share.link === null ? null : `${base.href}#link=${share.link}`);
    setTeam('');
    shares.reload();
  };
  return (
    <FormDialog title={`Share ${name}`} action={team.trim() === '' ? 'Make a link' : 'Share'} staysOpen onSend={send} onClose={onClose}>
      <p>Others may look at its curves, events, files and model. Nobody else can change it.</p>
      <TextField label="Team" value={team} onInput={setTeam} placeholder="whoever has the link" note="Empty makes a link." />
      <Select label="How long" value={days} onChange={(value) => setDays(value)} options={DAYS} />
      {link !== null && (
        <div>
          <p class="field-label">The link, shown this once</p>
          <Secret label="The link, shown this once" text={link} />
        </div>
      )}
      <ErrorNote error={shares.error ?? withdraw.error} />
      {shares.data === undefined ? shares.error === undefined && <Loading lines={2} /> : shares.data.length > 0 && (
        <ul class="shares" aria-label="Shared with">
          {shares.data.map((share) => (
            <li key={share.id}>
              <span>{share.team === null ? 'Whoever has the link' : `The team ${share.team}`}<span class="muted small">by {share.createdBy}, {share.expiresAt === null ? 'until it is withdrawn' : `until ${moment(share.expiresAt)}`}</span></span>
              <Button quiet busy={withdraw.busy} onClick={() => withdraw.run(share.id)}>Withdraw</Button>
            </li>
          ))}
        </ul>
      )}
    </FormDialog>
  );
}

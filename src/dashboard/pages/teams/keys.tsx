// Keys of a team: one's own, or those of all its members for who manages it.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction, useResource } from '../../api/resource.js';
import { identity, may } from '../../api/session.js';
import type { ApiKey } from '../../api/types.js';
import { useNow } from '../../lib/clock.js';
import * as codecs from '../../lib/codecs.js';
import { ago, moment, several } from '../../lib/format.js';
import { useUrlState } from '../../lib/router.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { ErrorNote, Loading } from '../../ui/surfaces.js';
import { Table } from '../../ui/table.js';
import { isGood } from './key-words.js';
import { NewKeyDialog } from './new-key-dialog.js';

const OLD = codecs.flag();

export function Keys({ team }: { team: string }) {
  const { data, error, reload } = useResource(`keys ${team}`, async (signal) => (await take(api.GET('/v1/keys', { params: { query: { team } }, signal }))).items);
  const [old, setOld] = useUrlState('old', OLD);
  const [isNew, setNew] = useState(false);
  const [going, setGoing] = useState<ApiKey | null>(null);
  const now = useNow();
  const revoke = useAction(async (id: string) => {
    await take(api.DELETE('/v1/keys/{id}', { params: { path: { id } } }));
    setGoing(null);
    reload();
  });
  if (data === undefined) return error === undefined ? <Loading lines={4} height={32} label="Loading the keys" /> : <ErrorNote error={error} onRetry={reload} />;
  const good = data.filter((key) => isGood(key, now));
  const shown = old ? data : good;
  // A key can be made for oneself in one's own team, and for others by who manages it.
  const mayMake = may('manage') || team === identity.value?.team;
  return (
    <>
      <div class="teams-bar">
        <p class="muted small">{may('manage') ? `Keys of all members of ${team}.` : 'Your keys.'} A key can do no more than whose it is.</p>
        {data.length > good.length && <Button quiet pressed={old} onClick={() => setOld(!old)}>{`${several(data.length - good.length, 'old key')}`}</Button>}
        {mayMake && <Button primary onClick={() => setNew(true)}>New key</Button>}
      </div>
      <ErrorNote error={error} onRetry={reload} />
      {shown.length === 0 ? <p class="muted teams-none">There is no key{data.length > 0 ? ' that is good' : ''}.</p> : (
        <Table label={`Keys of ${team}`} rows={shown} rowKey={({ id }) => id} columns={[
          { key: 'name', title: 'Name', cell: ({ name, id }) => <><b>{name}</b> <code class="muted">ty_{id.slice(0, 6)}…</code></> },
          { key: 'user', title: 'User', cell: ({ user }) => user },
          { key: 'scopes', title: 'May', cell: ({ scopes }) => scopes.join(', ') },
          { key: 'used', title: 'Last used', cell: ({ usedAt }) => <span class="muted">{usedAt === null ? 'never' : ago(usedAt, now)}</span> },
          { key: 'ends', title: 'Ends', cell: ({ expiresAt, revokedAt }) => <span class="muted">{revokedAt !== null ? `revoked ${ago(revokedAt, now)}` : expiresAt === null ? 'never' : moment(expiresAt)}</span> },
          { key: 'actions', title: '', number: true, cell: (key) => isGood(key, now) && <Button quiet danger label={`Revoke ${key.name} of ${key.user}`} onClick={() => setGoing(key)}>Revoke</Button> },
        ]} />
      )}
      {isNew && <NewKeyDialog team={team} onClose={() => setNew(false)} onMade={reload} />}
      {going !== null && (
        <Confirm title={`Revoke ${going.name}?`} action="Revoke it" busy={revoke.busy} onConfirm={() => revoke.run(going.id)} onClose={() => setGoing(null)}>
          <p>Whatever uses this key of {going.user} is refused from now on, and browsers that signed in with it are signed out. This cannot be undone.</p>
          <ErrorNote error={revoke.error} />
        </Confirm>
      )}
    </>
  );
}

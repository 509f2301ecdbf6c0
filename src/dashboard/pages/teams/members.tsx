// The members of a team and their roles.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction, useResource } from '../../api/resource.js';
import { identity, may } from '../../api/session.js';
import type { Member } from '../../api/types.js';
import { moment } from '../../lib/format.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { Select } from '../../ui/field.js';
import { ErrorNote, Loading } from '../../ui/surfaces.js';
import { Table } from '../../ui/table.js';
import { AddMember } from './add-member.js';
import { ROLES, type Role } from './roles.js';

export function Members({ team, onChange }: { team: string; onChange(): void }) {
  const { data, error, reload } = useResource(`members ${team}`, async (signal) => (await take(api.GET('/v1/teams/{team}/members', { params: { path: { team } }, signal }))).items);
  const [leaving, setLeaving] = useState<Member | null>(null);
  const changed = () => {
    reload();
    onChange();
  };
  const give = useAction(async (user: string, role: Role) => {
    await take(api.PUT('/v1/teams/{team}/members/{user}', { params: { path: { team, user } }, body: { role } }));
    changed();
  });
  const remove = useAction(async (user: string) => {
    await take(api.DELETE('/v1/teams/{team}/members/{user}', { params: { path: { team, user } } }));
    setLeaving(null);
    changed();
  });
  if (data === undefined) return error === undefined ? <Loading lines={4} height={32} label="Loading the members" /> : <ErrorNote error={error} onRetry={reload} />;
  const manages = may('manage');
  const me = identity.value?.user;
  return (
    <>
      <ErrorNote error={give.error ?? error} />
      {data.length === 0 ? <p class="muted teams-none">{team} has no members yet.</p> : (
        <Table label={`Members of ${team}`} rows={data} rowKey={({ user }) => user} columns={[
          { key: 'user', title: 'User', cell: ({ user }) => <><b>{user}</b>{user === me && <span class="muted"> (you)</span>}</> },
          { key: 'role', title: 'Role', cell: (member) => manages ? <Select label={`Role of ${member.user}`} hideLabel value={member.role} options={ROLES} onChange={(role) => give.run(member.user, role)} /> : ROLES.find(({ value }) => value === member.role)!.label },
          { key: 'since', title: 'Since', cell: ({ since }) => <span class="muted">{moment(since)}</span> },
          ...(manages ? [{ key: 'actions', title: '', number: true, cell: (member: Member) => <Button quiet danger label={`Remove ${member.user}`} onClick={() => setLeaving(member)}>Remove</Button> }] : []),
        ]} />
      )}
      {manages && <AddMember team={team} known={data} onAdded={changed} />}
      {leaving !== null && (
        <Confirm title={`Remove ${leaving.user} from ${team}?`} action="Remove" busy={remove.busy} onConfirm={() => remove.run(leaving.user)} onClose={() => setLeaving(null)}>
          <p>{leaving.user === me ? 'These are you: your keys for the team go, and with them this session.' : `The keys of ${leaving.user} for the team go at once.`} Runs stay.</p>
          <ErrorNote error={remove.error} />
        </Confirm>
      )}
    </>
  );
}

// Somebody is added to a team. Who runs the service also makes the user, where there is none of that name.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction } from '../../api/resource.js';
import { may } from '../../api/session.js';
import type { Member } from '../../api/types.js';
import { Button } from '../../ui/button.js';
import { Select, TextField } from '../../ui/field.js';
import { ErrorNote } from '../../ui/surfaces.js';
import { toast } from '../../ui/toasts.js';
import { faultOfHandle } from './handle.js';
import { ROLES, type Role } from './roles.js';

export function AddMember({ team, known, onAdded }: { team: string; known: readonly Member[]; onAdded(): void }) {
  const [user, setUser] = useState('');
  const [role, setRole] = useState<Role>('member');
  const operates = may('operate');
  const fault = known.some((member) => member.user === user) ? `${user} is a member already.` : faultOfHandle(user);
  const add = useAction(async () => {
    const isNew = operates && !(await take(api.GET('/v1/users'))).items.some(({ name }) => name === user);
    if (isNew) await take(api.POST('/v1/users', { body: { name: user, operator: false } }));
    await take(api.PUT('/v1/teams/{team}/members/{user}', { params: { path: { team, user } }, body: { role } }));
    setUser('');
    onAdded();
    toast(`${user} belongs to ${team}. Make a key for them next.`);
  });
  const submit = (event: Event) => {
    event.preventDefault();
    if (fault === null) add.run();
  };
  return (
    <form class="teams-add" aria-label="Add a member" onSubmit={submit}>
      <TextField label="User" value={user} onInput={setUser} fault={user === '' ? null : fault} note={operates ? 'A name that is not known yet makes a new user.' : 'Users are made by whoever runs the service.'} />
      <Select label="Role" value={role} options={ROLES} onChange={(value) => setRole(value)} />
      <Button type="submit" primary busy={add.busy} why={user === '' ? 'Write a name first.' : fault}>Add</Button>
      <ErrorNote error={add.error} title="Nobody was added." />
    </form>
  );
}

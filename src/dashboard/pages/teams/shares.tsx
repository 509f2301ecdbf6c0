// What each team may use: its weight and its quotas, changed where they stand by who runs the service.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction } from '../../api/resource.js';
import { may } from '../../api/session.js';
import type { Team } from '../../api/types.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { InlineEdit } from '../../ui/inline-edit.js';
import { ErrorNote } from '../../ui/surfaces.js';
import { Table } from '../../ui/table.js';
import { faultOf, NAMES, readShare, SHARES, shown, written, type Share } from './quota-words.js';

export function Shares({ teams, own, onChange }: { teams: readonly Team[]; own: string; onChange(): void }) {
  const operates = may('operate');
  const [going, setGoing] = useState<Team | null>(null);
  const remove = useAction(async (team: string) => {
    await take(api.DELETE('/v1/teams/{team}', { params: { path: { team } } }));
    setGoing(null);
    onChange();
  });
  const save = (team: string, name: Share) => async (text: string) => {
    await take(api.PATCH('/v1/teams/{team}', { params: { path: { team } }, body: { [name]: readShare(name, text) } }));
    onChange();
  };
  const quantity = (name: Share) => ({
    key: name,
    title: SHARES[name].title,
    cell: (team: Team) => operates
      ? <InlineEdit label={`${SHARES[name].title} of ${team.name}`} shown={shown(name, team[name])} value={written(name, team[name])} unit={SHARES[name].unit} note={SHARES[name].note} faultOf={(text) => faultOf(name, text)} onSave={save(team.name, name)} />
      : shown(name, team[name]),
  });
  const all = teams.reduce((sum, { weight }) => sum + weight, 0);
  return (
    <>
      <p class="muted small teams-lead">Devices are shared by weight among the teams that want some; what one does not use is lent to the others.{operates ? ' Press a value to change it.' : ' Whoever runs the service sets these.'}</p>
      <Table label="Shares and quotas" rows={teams} rowKey={({ name }) => name} columns={[
        { key: 'name', title: 'Team', cell: ({ name }) => <><b>{name}</b>{name === own && <span class="muted"> (yours)</span>}</> },
        { key: 'members', title: 'Members', cell: ({ members }) => members },
        quantity('weight'),
        ...(operates && teams.length > 1 ? [{ key: 'share', title: 'If all want some', cell: ({ weight }: Team) => <span class="muted">{Math.round((weight / all) * 100)} %</span> }] : []),
        ...NAMES.filter((name) => name !== 'weight').map(quantity),
        ...(operates ? [{ key: 'actions', title: '', number: true, cell: (team: Team) => team.name !== own && <Button quiet danger label={`Delete ${team.name}`} onClick={() => setGoing(team)}>Delete</Button> }] : []),
      ]} />
      {going !== null && (
        <Confirm title={`Delete the team ${going.name}?`} action="Delete it for good" busy={remove.busy} onConfirm={() => remove.run(going.name)} onClose={() => setGoing(null)}>
          <p>The keys of its members go with it. A team that has runs cannot be deleted.</p>
          <ErrorNote error={remove.error} />
        </Confirm>
      )}
    </>
  );
}

// Who belongs to which team, what it may use, and by which keys; the boxes and the disk behind it all.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useResource } from '../../api/resource.js';
import { identity, may } from '../../api/session.js';
import * as codecs from '../../lib/codecs.js';
import { useUrlState } from '../../lib/router.js';
import { Button } from '../../ui/button.js';
import { Select } from '../../ui/field.js';
import { ErrorNote, Loading } from '../../ui/surfaces.js';
import { Tabs } from '../../ui/tabs.js';
import { Boxes } from './boxes.js';
import { Keys } from './keys.js';
import { Members } from './members.js';
import { NewTeamDialog } from './new-team-dialog.js';
import { Shares } from './shares.js';
import { Storage } from './storage.js';
import './teams.css';

const PARTS = ['members', 'shares', 'keys', 'boxes', 'storage'] as const;
type Part = (typeof PARTS)[number];
const PART = codecs.choice(PARTS);
const TEAM = codecs.text();
const TITLES: Record<Part, string> = { members: 'Members', shares: 'Shares and quotas', keys: 'Keys', boxes: 'Boxes', storage: 'Storage' };

export function TeamsPage() {
  const own = identity.value?.team ?? '';
  const operates = may('operate');
  const [part, setPart] = useUrlState('part', PART);
  const [asked, setTeam] = useUrlState('team', TEAM);
  const [isNew, setNew] = useState(false);
  const teams = useResource('teams', async (signal) => (await take(api.GET('/v1/teams', { signal }))).items);
  const team = asked === '' ? own : asked;
  const isOfTeam = part === 'members' || part === 'keys';
  return (
    <div class="teams">
      <div class="page-head">
        <h1>{operates ? 'Teams and keys' : `Team ${own}`}</h1>
        {operates && (
          <div class="teams-tools">
            {isOfTeam && teams.data !== undefined && <Select label="Team" hideLabel value={team} options={teams.data.map(({ name }) => ({ value: name, label: name === own ? `${name} (yours)` : name }))} onChange={(name) => setTeam(name === own ? '' : name)} />}
            <Button onClick={() => setNew(true)}>New team</Button>
          </div>
        )}
      </div>
      <ErrorNote error={teams.error} title="The teams could not be read." onRetry={teams.reload} />
      <Tabs label="Parts" tabs={PARTS.filter((key) => key !== 'boxes' || operates).map((key) => ({ key, label: TITLES[key] }))} value={part === 'boxes' && !operates ? 'members' : part} onChange={setPart}>
        {part === 'shares' ? (teams.data === undefined ? <Loading lines={4} height={32} /> : <Shares teams={teams.data} own={own} onChange={teams.reload} />)
          : part === 'keys' ? <Keys key={team} team={team} />
          : part === 'boxes' && operates ? <Boxes />
          : part === 'storage' ? <Storage />
          : <Members key={team} team={team} onChange={teams.reload} />}
      </Tabs>
      {isNew && <NewTeamDialog onClose={() => setNew(false)} onMade={(name) => { teams.reload(); setTeam(name); }} />}
    </div>
  );
}

// The machines that train, for who runs the service: to join, to be drained, to be removed.
import { useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction, useResource } from '../../api/resource.js';
import type { Box } from '../../api/types.js';
import { moment } from '../../lib/format.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { ErrorNote, Loading } from '../../ui/surfaces.js';
import { Table } from '../../ui/table.js';
import { BoxTokenDialog } from './box-token-dialog.js';

type Phase = Box['phase'];
const WORDS: Record<Phase, string> = { open: 'Open', cordoned: 'Cordoned', draining: 'Draining' };
const TO: readonly { phase: Phase; label: string; title: string }[] = [
  { phase: 'open', label: 'Open', title: 'It takes runs again.' },
  { phase: 'cordoned', label: 'Cordon', title: 'It takes no new runs; those on it go on.' },
  { phase: 'draining', label: 'Drain', title: 'Its runs keep their training state and wait again.' },
];

export function Boxes() {
  const { data, error, reload } = useResource('boxes', async (signal) => (await take(api.GET('/v1/boxes', { signal }))).items, { everyMs: 4000 });
  const [joining, setJoining] = useState<string | null>(null);
  const [going, setGoing] = useState<Box | null>(null);
  const tell = useAction(async (box: string, phase: Phase) => {
    await take(api.PATCH('/v1/boxes/{box}', { params: { path: { box } }, body: { phase } }));
    reload();
  });
  const remove = useAction(async (box: string) => {
    await take(api.DELETE('/v1/boxes/{box}', { params: { path: { box } } }));
    setGoing(null);
    reload();
  });
  if (data === undefined) return error === undefined ? <Loading lines={3} height={32} label="Loading the boxes" /> : <ErrorNote error={error} onRetry={reload} />;
  return (
    <>
      <div class="teams-bar">
        <p class="muted small">Once any box has a token, no other joins without one.</p>
        <Button primary onClick={() => setJoining('')}>Let a box join</Button>
      </div>
      <ErrorNote error={tell.error ?? error} />
      {data.length === 0 ? <p class="muted teams-none">No box has joined yet.</p> : (
        <Table label="Boxes" rows={data} rowKey={({ name }) => name} columns={[
          { key: 'name', title: 'Box', cell: ({ name }) => <b>{name}</b> },
          { key: 'phase', title: 'State', cell: ({ phase, alive }) => <>{WORDS[phase]}{!alive && <span class="box-gone"> · not heard of</span>}</> },
          { key: 'runs', title: 'Runs', cell: ({ runs }) => runs },
          { key: 'token', title: 'Token', cell: ({ name, hasToken }) => (hasToken ? 'yes' : <Button quiet label={`Make one for ${name}`} onClick={() => setJoining(name)}>Make one</Button>) },
          { key: 'since', title: 'Known since', cell: ({ createdAt }) => <span class="muted">{moment(createdAt)}</span> },
          {
            key: 'actions', title: '', number: true,
            cell: (box) => (
              <>
                {TO.filter(({ phase }) => phase !== box.phase).map(({ phase, label, title }) => <Button key={phase} quiet label={`${label} ${box.name}`} title={title} busy={tell.busy} onClick={() => tell.run(box.name, phase)}>{label}</Button>)}
                <Button quiet danger label={`Remove ${box.name}`} why={box.runs > 0 ? 'It has runs: drain it first.' : null} onClick={() => setGoing(box)}>Remove</Button>
              </>
            ),
          },
        ]} />
      )}
      {joining !== null && <BoxTokenDialog name={joining} onClose={() => setJoining(null)} onMade={reload} />}
      {going !== null && (
        <Confirm title={`Remove ${going.name}?`} action="Remove it" busy={remove.busy} onConfirm={() => remove.run(going.name)} onClose={() => setGoing(null)}>
          <p>Its supervisor gets no runs any more, and cannot join under this name until a new token is made.</p>
          <ErrorNote error={remove.error} />
        </Confirm>
      )}
    </>
  );
}

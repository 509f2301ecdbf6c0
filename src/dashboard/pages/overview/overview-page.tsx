// What one leaves open on the wall: the boxes, what runs on them, what waits and why.
import { useMemo } from 'preact/hooks';
import { palette } from '../../charts/palette.js';
import { api, take } from '../../api/client.js';
import { useResource } from '../../api/resource.js';
import { whyNot } from '../../api/session.js';
import { several } from '../../lib/format.js';
import { hrefOf } from '../../lib/router.js';
import { byBox } from '../../live/device-view.js';
import { devices, useDevices } from '../../live/devices.js';
import { Card, Empty, ErrorNote, Loading } from '../../ui/surfaces.js';
import { BoxCard } from './box-card.js';
import { QueueList } from './queue-list.js';
import { RunningList } from './running-list.js';
import { MOST_WAITING, useRunsAtWork } from './use-runs-at-work.js';
import './overview.css';

export function OverviewPage() {
  const reading = useDevices();
  const boxes = useResource('boxes', async (signal) => (await take(api.GET('/v1/boxes', { signal }))).items, { everyMs: 5000 });
  const { running, waiting, known } = useRunsAtWork();
  useMemo(() => palette.keepApart(running.data?.map(({ id }) => id) ?? []), [running.data]);
  const views = devices.value;
  const ofBox = byBox(views ?? []);
  const queue = waiting.data?.queue;
  const isSettled = views !== null && boxes.data !== undefined;
  return (
    <div class="overview">
      <div class="page-head">
        <h1>Overview</h1>
        <p class="muted small overview-sum">{queue === undefined ? '' : `All teams: ${several(queue.running, 'run')} on devices, ${several(queue.waiting, 'run')} in line`}</p>
        {whyNot('write') === null && <a class="button button-primary" href={hrefOf('newRun')}>New run</a>}
      </div>
      <ErrorNote error={reading.error ?? boxes.error} title="What you see of the boxes may be old." onRetry={reading.reload} />
      {!isSettled ? <Loading height={260} label="Loading the boxes" /> : boxes.data!.length === 0 ? <NoBoxes /> : (
        <div class="boxes">{boxes.data!.map((box) => <BoxCard key={box.name} box={box} devices={ofBox.get(box.name) ?? []} runs={known} />)}</div>
      )}
      <div class="overview-runs">
        <Card title={`Running${count(running.data?.length)}`}><RunningList runs={running} /></Card>
        <Card title={`Waiting${queue?.items.length === MOST_WAITING ? ` · the first ${MOST_WAITING}` : count(queue?.items.length)}`}><QueueList waiting={waiting} known={known} /></Card>
      </div>
    </div>
  );
}

const count = (length: number | undefined): string => (length === undefined || length === 0 ? '' : ` · ${length}`);

function NoBoxes() {
  return (
    <Empty title="No box has joined yet">
      <p>Runs wait until a machine joins that trains them. {whyNot('operate') === null ? 'Make a token for it, and start its supervisor with that.' : 'Ask whoever runs the service.'}</p>
      {whyNot('operate') === null && <a class="button" href={hrefOf('teams', { query: { part: 'boxes' } })}>Let a box join</a>}
    </Empty>
  );
}

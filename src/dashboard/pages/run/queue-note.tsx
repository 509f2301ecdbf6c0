// Why a run waits, where it stands, when it is likely to start, and what would let it start now.
import { useEffect, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { ApiError } from '../../api/error.js';
import { useResource } from '../../api/resource.js';
import { identity, onlyRun } from '../../api/session.js';
import type { Run } from '../../api/types.js';
import { count } from '../../lib/format.js';
import { withNames } from '../../lib/run-names.js';
import { runs } from '../../live/run-list.js';
import { StartEstimate } from '../../ui/start-estimate.js';
import { Card, ErrorNote, Loading } from '../../ui/surfaces.js';
import './queue-note.css';

const EVERY_MS = 3000;

/** Most runs start at once: a card that comes and goes would only move the page. */
const PASSING_MS = 700;

/** Nothing where the run does not wait, or one has no part in its queue. */
export function QueueNote({ run }: { run: Run }) {
  const isSeen = onlyRun() === null && run.team === identity.value?.team;
  const waits = useLasting(isSeen && run.state === 'queued', Date.now() - Date.parse(run.queuedAt) > PASSING_MS);
  return waits ? <Outlook id={run.id} /> : null;
}

/** Whether it is so, and has been for a while; `wasLong`: also before one looked. */
function useLasting(is: boolean, wasLong: boolean): boolean {
  const [lasts, setLasts] = useState(is && wasLong);
  useEffect(() => {
    if (!is) return setLasts(false);
    const timer = setTimeout(() => setLasts(true), PASSING_MS);
    return () => clearTimeout(timer);
  }, [is]);
  return is && lasts;
}

function Outlook({ id }: { id: string }) {
  const { data, error, reload } = useResource(`outlook ${id}`, async (signal) => take(api.GET('/v1/runs/{id}/queue', { params: { path: { id } }, signal })), { everyMs: EVERY_MS });
  // It has started meanwhile: the page is about to hear of it.
  const fault = error instanceof ApiError && error.code === 'run_not_queued' ? undefined : error;
  const nameOf = (other: string) => runs.value?.find((run) => run.id === other)?.name;
  return (
    <Card title="In line" label="How it stands in the queue">
      <ErrorNote error={fault} title="This may be old." onRetry={reload} />
      {data === undefined ? fault === undefined && <Loading lines={3} /> : (
        <div class="queue-note">
          <p class="queue-note-place"><b>{count(data.position)}</b> <span class="muted small">{data.position === 1 ? 'It is the next of all that wait' : `in line, ${data.positionInTeam === 1 ? 'the first' : `number ${count(data.positionInTeam)}`} of your team`}</span></p>
          <div>
            <p>{withNames(data.reason.message, nameOf)}</p>
            <p><StartEstimate estimate={data.estimatedStart} /></p>
          </div>
          {data.wouldStart.length > 0 && (
            <div class="queue-note-changes">
              <h3>What would let it start</h3>
              <ul class="small">{data.wouldStart.map((change) => <li key={change.message}>{withNames(change.message, nameOf)}</li>)}</ul>
            </div>
          )}
        </div>
      )}
    </Card>
  );
}

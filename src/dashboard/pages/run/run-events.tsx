// What happened to a run, one line each. An event that one points at, or comes to with the keyboard, is shown on the
// curves.
import { useMemo } from 'preact/hooks';
import * as codecs from '../../lib/codecs.js';
import { useUrlState } from '../../lib/router.js';
import { Select } from '../../ui/field.js';
import { Card, ErrorNote, Loading } from '../../ui/surfaces.js';
import { EventList, type EventListProps } from './event-list.js';
import type { Events } from './timeline/use-events.js';

const SHOWS = ['all', 'state', 'checkpoint', 'warning'] as const;
const SHOW = codecs.choice(SHOWS);
const NAMES: Record<(typeof SHOWS)[number], string> = { all: 'Everything', state: 'States', checkpoint: 'Checkpoints', warning: 'Warnings' };

export function RunEvents({ events: { events, error, reload }, onPoint }: { events: Events } & Pick<EventListProps, 'onPoint'>) {
  const [show, setShow] = useUrlState('events', SHOW);
  const shown = useMemo(() => (show === 'all' ? events : events?.filter(({ kind }) => kind === show)), [events, show]);
  return (
    <Card title="Events" actions={<Select label="Show" hideLabel value={show} onChange={setShow} options={SHOWS.map((value) => ({ value, label: NAMES[value] }))} />}>
      <ErrorNote error={error} onRetry={reload} />
      {shown === undefined ? error === undefined && <Loading lines={5} /> : shown.length === 0 ? <p class="muted small">Nothing yet.</p> : <EventList events={shown} onPoint={onPoint} />}
    </Card>
  );
}

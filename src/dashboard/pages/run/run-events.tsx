// What happened to a run, one line each. An event that one points at, or comes to with the keyboard, is shown on the
// curves.
import { useEffect, useRef } from 'preact/hooks';
import { clockTime, moment } from '../../lib/format.js';
import * as codecs from '../../lib/codecs.js';
import { useUrlState } from '../../lib/router.js';
import { Select } from '../../ui/field.js';
import { Card, ErrorNote, Loading } from '../../ui/surfaces.js';
import { stepOf, textOf, type Event } from './timeline/happenings.js';
import type { Events } from './timeline/use-events.js';
import type { RunView } from './run-view.js';

const SHOWS = ['all', 'state', 'checkpoint', 'warning'] as const;
const SHOW = codecs.choice(SHOWS);
const NAMES: Record<(typeof SHOWS)[number], string> = { all: 'Everything', state: 'States', checkpoint: 'Checkpoints', warning: 'Warnings' };

export function RunEvents({ events: { events, error, reload }, view }: { events: Events; view: RunView }) {
  const [show, setShow] = useUrlState('events', SHOW);
  const list = useRef<HTMLOListElement>(null);
  const shown = (events ?? []).filter(({ kind }) => show === 'all' || kind === show);
  // Its end stays in sight, unless somebody reads further up.
  const atEnd = useRef(true);
  useEffect(() => {
    if (atEnd.current && list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  }, [shown.length]);
  const pointAt = (event: Event | null) => (view.group.hover.value = event === null ? null : view.placeOf(Date.parse(event.at), stepOf(event)));
  return (
    <Card title="Events" actions={<Select label="Show" hideLabel value={show} onChange={setShow} options={SHOWS.map((value) => ({ value, label: NAMES[value] }))} />}>
      <ErrorNote error={error} onRetry={reload} />
      {events === undefined ? error === undefined && <Loading lines={5} /> : (
        <ol ref={list} class="run-events" tabIndex={0} aria-label="Events" onPointerLeave={() => pointAt(null)} onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => { atEnd.current = scrollHeight - scrollTop - clientHeight < 40; }}>
          {shown.map((event) => (
            <li key={event.seq} data-kind={event.kind} onPointerEnter={() => pointAt(event)}>
              <button type="button" title={`${moment(event.at)}: show on the curves`} aria-label={`Show on the curves: ${clockTime(event.at)}`} onFocus={() => pointAt(event)} onBlur={() => pointAt(null)} onClick={() => pointAt(event)}>{clockTime(event.at)}</button>
              <span>{textOf(event)}</span>
            </li>
          ))}
          {shown.length === 0 && <li class="muted">Nothing yet.</li>}
        </ol>
      )}
    </Card>
  );
}

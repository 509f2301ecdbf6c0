// Events as lines, of which only those near the window exist. With the keyboard the whole list is one stop: arrows,
// Page Up and Down, Home and End go from event to event. Its end stays in sight, unless somebody reads further up.
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { clockTime, moment } from '../../lib/format.js';
import { scrollTo, windowOf } from '../../ui/window.js';
import { textOf, type Event } from './timeline/happenings.js';

const LINE = 28;
const HEIGHT = 320;
const PAGE = Math.floor(HEIGHT / LINE) - 1;

export interface EventListProps {
  events: readonly Event[];
  /** Of whichever one points at, or comes to with the keyboard. */
  onPoint(event: Event | null): void;
}

export function EventList({ events, onPoint }: EventListProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [[first, last], setWindow] = useState<readonly [number, number]>([0, 0]);
  const [active, setActive] = useState<number | null>(null);
  const look = () => {
    const { scrollTop, scrollHeight, clientHeight } = list.current!;
    atEnd.current = scrollHeight - scrollTop - clientHeight < LINE;
    const next = windowOf({ top: scrollTop, height: clientHeight, rowHeight: LINE, count: events.length });
    setWindow((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
  };
  useLayoutEffect(() => {
    if (atEnd.current) list.current!.scrollTop = list.current!.scrollHeight;
    look();
  }, [events]);
  const at = active === null ? -1 : events.findIndex(({ seq }) => seq === active);
  const goTo = (place: number) => {
    const row = Math.min(events.length - 1, Math.max(0, place));
    const event = events[row];
    if (event === undefined) return;
    const element = list.current!;
    element.scrollTop = scrollTo(row, { top: element.scrollTop, height: element.clientHeight, rowHeight: LINE, head: 0 });
    setActive(event.seq);
    onPoint(event);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + PAGE, PageUp: at - PAGE, Home: 0, End: events.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <div
      ref={list} class="run-events" tabIndex={0} role="listbox" aria-label="Events" aria-activedescendant={at >= first && at < last ? `${id}-${active}` : undefined} onScroll={look} onKeyDown={onKeyDown}
      onFocus={({ currentTarget }) => currentTarget.matches(':focus-visible') && goTo(at < 0 ? events.length - 1 : at)} onBlur={() => onPoint(null)} onPointerLeave={() => onPoint(null)}
    >
      <div style={{ height: `${events.length * LINE}px`, paddingTop: `${first * LINE}px` }}>
        {events.slice(first, last).map((event, index) => (
          <div
            key={event.seq} id={`${id}-${event.seq}`} class="run-event" role="option" aria-selected={event.seq === active} aria-posinset={first + index + 1} aria-setsize={events.length}
            data-kind={event.kind} title={`${moment(event.at)}: ${textOf(event)}`} onPointerEnter={() => onPoint(event)} onClick={() => goTo(first + index)}
          >
            <time dateTime={event.at}>{clockTime(event.at)}</time>
            <span>{textOf(event)}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

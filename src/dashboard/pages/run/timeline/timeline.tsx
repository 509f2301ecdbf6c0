// The phases and events of a run, on the axis of its curves and with their cross-hair. Whoever does not point reads
// them in the list of events.
import { useMemo, useRef } from 'preact/hooks';
import { clockTime, sentence, several } from '../../../lib/format.js';
import { formatPlace } from '../../../charts/axis.js';
import type { RunView } from '../run-view.js';
import { near, phaseAt, ticksOf, type Happening, type Phase } from './happenings.js';
import './timeline.css';

/** Pixels from which an event is told. */
const REACH = 7;
/** Of events at one place, so many are told. */
const MOST_TOLD = 3;

export function Timeline({ happenings, phases, view: { axis, zoom, domain, group } }: { happenings: readonly Happening[]; phases: readonly Phase[]; view: RunView }) {
  const track = useRef<HTMLDivElement>(null);
  const [from, to] = zoom ?? domain;
  const shareOf = (place: number) => ((Math.min(to, Math.max(from, place)) - from) / (to - from)) * 100;
  const isSeen = (place: number) => place >= from && place <= to;
  const point = (event: PointerEvent) => {
    const { left, width } = track.current!.getBoundingClientRect();
    group.hover.value = from + (Math.min(width, Math.max(0, event.clientX - left)) / width) * (to - from);
  };
  const at = group.hover.value;
  const ticks = useMemo(() => ticksOf(happenings, [from, to]), [happenings, from, to]);
  const summary = useMemo(() => summaryOf(happenings), [happenings]);
  const told = at === null ? [] : near(happenings, at, (REACH / (track.current?.clientWidth ?? 1000)) * (to - from));
  return (
    <figure class="chart chart-small timeline" data-chart="events">
      <figcaption><h3>Phases</h3></figcaption>
      <p class="timeline-told">{at === null ? summary : told[0] === undefined ? `${sentence(phaseAt(phases, at)?.state ?? 'before its start')}, ${axis} ${formatPlace(axis, at)}` : <><time dateTime={told[0].at}>{clockTime(told[0].at)}</time> {told.slice(0, MOST_TOLD).map(({ text }) => text).join(' · ')}{told.length > MOST_TOLD && ` (and ${told.length - MOST_TOLD} more)`}</>}</p>
      <div class="timeline-plot" aria-hidden="true">
        <div ref={track} class="timeline-track" onPointerMove={point} onPointerDown={point} onPointerLeave={() => (group.hover.value = null)}>
          <div class="timeline-phases">
            {phases.filter((phase) => phase.to > from && phase.from < to).map((phase, index) => <i key={index} data-phase={phase.state} style={{ left: `${shareOf(phase.from)}%`, width: `${shareOf(phase.to) - shareOf(phase.from)}%` }} />)}
          </div>
          {ticks.map(({ seq, place, tone }) => <i key={seq} class="timeline-tick" data-tone={tone} data-told={(told[0]?.place === place && told[0].tone === tone) || undefined} style={{ left: `${shareOf(place)}%` }} />)}
          {at !== null && isSeen(at) && <b class="timeline-hair" style={{ left: `${shareOf(at)}%` }} />}
        </div>
        <ul class="timeline-key"><li data-tone="state">state</li><li data-tone="checkpoint">checkpoint</li><li data-tone="warning">warning</li></ul>
      </div>
    </figure>
  );
}

function summaryOf(happenings: readonly Happening[]): string {
  const counted = (tone: Happening['tone'], one: string, many = `${one}s`) => {
    const number = happenings.filter((happening) => happening.tone === tone).length;
    return number === 0 ? null : several(number, one, many);
  };
  return [counted('state', 'change of state', 'changes of state'), counted('checkpoint', 'checkpoint'), counted('warning', 'warning')].filter(Boolean).join(', ');
}

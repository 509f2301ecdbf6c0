// What of a run's axis is seen, for everything that stands on it: curves, phases and events.
import type { Run } from '../../api/types.js';
import { AXES, placeOn, type AxisKind, type RunScale } from '../../charts/axis.js';
import { useChartGroup, type ChartGroup } from '../../charts/group.js';
import * as codecs from '../../lib/codecs.js';
import { useUrlState } from '../../lib/router.js';
import { hasEnded } from '../../../portable/run-states.js';
import type { RunRecord } from '../../live/run-record.js';
import type { StepSpan } from './fine-span.js';
import type { PlaceOf } from './timeline/happenings.js';
import { useClock } from './use-clock.js';

const AXIS = codecs.choice(AXES);
const ZOOM = codecs.range();

export type Span = readonly [number, number];

export interface RunView {
  axis: AxisKind;
  setAxis(axis: AxisKind): void;
  zoom: Span | null;
  setZoom(zoom: Span | null): void;
  scale: RunScale;
  /** The steps that are zoomed into; null for all. */
  seen: StepSpan | null;
  /** The whole of the axis. */
  domain: Span;
  /** Where the run is on it, or was when it ended. */
  end: number;
  group: ChartGroup;
  placeOf: PlaceOf;
}

export function useRunView(run: Run, record: RunRecord): RunView {
  const [axis, setAxis] = useUrlState('axis', AXIS);
  const [zoom, setZoom] = useUrlState('zoom', ZOOM);
  const group = useChartGroup();
  // Events tell when they were, and the clock at which step that was.
  useClock(run, record, true);
  const { stepsPerEpoch, clock } = record;
  const scale: RunScale = { stepsPerEpoch, secondsAt: (step) => clock.secondsAt(step) };
  const place = placeOn(axis, 'batch', scale);
  const { step, totalSteps } = run.progress;
  const last = Math.max(1, hasEnded(run.state) ? step || totalSteps : totalSteps);
  const placeOf: PlaceOf = (timeMs, known) => {
    if (axis === 'time') return clock.startMs === null ? 0 : Math.max(0, timeMs - clock.startMs) / 1000;
    return place(known ?? clock.stepAt(timeMs));
  };
  const stepAt = (at: number) => (axis === 'step' ? at : axis === 'epoch' ? at * stepsPerEpoch : clock.stepAt((clock.startMs ?? 0) + at * 1000));
  // What comes after its last step, to the end: it is told as well.
  const endedAt = axis === 'time' && run.endedAt !== null ? placeOf(Date.parse(run.endedAt)) : 0;
  return {
    axis, zoom, setZoom, scale, group, placeOf,
    seen: zoom === null ? null : { from: stepAt(zoom[0]), to: stepAt(zoom[1]) },
    setAxis: (next) => {
      setZoom(null);
      setAxis(next);
    },
    domain: [0, Math.max(place(last), endedAt, axis === 'time' ? 1 : 0)],
    end: place(step),
  };
}

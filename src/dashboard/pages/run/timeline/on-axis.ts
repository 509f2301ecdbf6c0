// The events of a run on the axis as it is seen now. They are placed when there are more of them or the axis is another,
// not with each batch.
import { useMemo } from 'preact/hooks';
import type { Run } from '../../../api/types.js';
import type { Mark } from '../../../charts/paint.js';
import { hasEnded } from '../../../../portable/run-states.js';
import type { RunRecord } from '../../../live/run-record.js';
import type { RunView } from '../run-view.js';
import { endingAt, happeningsOf, marksOf, phasesOf, type Event, type Happening, type Phase } from './happenings.js';

export interface Happenings {
  happenings: readonly Happening[];
  phases: readonly Phase[];
  /** Those that are drawn through the curves: what changes how one reads them. */
  marks: readonly Mark[];
}

export function useHappenings(run: Run, { clock }: RunRecord, { placeOf, axis, scale, domain, end }: RunView, events: readonly Event[]): Happenings {
  const placed = useMemo(() => ({ happenings: happeningsOf(events, placeOf), phases: phasesOf(events, placeOf) }), [events, axis, scale.stepsPerEpoch, clock.startMs, clock.isWhole]);
  const marks = useMemo(() => marksOf(placed.happenings, domain[1]), [placed, domain[1]]);
  return { happenings: placed.happenings, phases: endingAt(placed.phases, hasEnded(run.state) ? domain[1] : end), marks };
}

// The events of a run on the axis as it is seen now.
import type { Run } from '../../../api/types.js';
import type { Mark } from '../../../charts/paint.js';
import { hasEnded } from '../../../live/run-record.js';
import type { RunView } from '../run-view.js';
import { happeningsOf, phasesOf, type Event, type Happening, type Phase } from './happenings.js';

export interface Happenings {
  happenings: readonly Happening[];
  phases: readonly Phase[];
  /** Those that are drawn through the curves: what changes how one reads them. */
  marks: readonly Mark[];
}

export function onAxis(run: Run, { placeOf, domain, end }: RunView, events: readonly Event[]): Happenings {
  const happenings = happeningsOf(events, placeOf);
  const marks = happenings.filter(({ tone, place }) => tone !== 'checkpoint' && place > 0 && place < domain[1]);
  return { happenings, phases: phasesOf(events, placeOf, hasEnded(run.state) ? domain[1] : end), marks };
}

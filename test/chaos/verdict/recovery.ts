// How long it takes from a fault until whoever watches sees training again. Pure.
import type { RunEvent } from '../../../src/schemas/event.js';
import { FAULTS, type FaultKind } from '../faults.js';
import type { Struck } from '../inject.js';
import type { Plan } from '../plan.js';

export interface Recovery {
  kind: FaultKind;
  ms: number;
}

interface Seen {
  events: readonly RunEvent[];
  /** In ms since the epoch. */
  arrivals: readonly number[];
}

/** One for each run that was under way and that went on: where a start was lost, from the next one. */
export function recoveries({ stage }: Plan, struck: readonly Struck[], runs: readonly Seen[]): Recovery[] {
  return struck.filter(({ isHit }) => isHit).flatMap(({ strike: { kind }, at }) =>
    runs.flatMap(({ events, arrivals }) => {
      const isUnderWay = events.some((event) => event.kind === 'state' && event.data.state === 'starting' && Date.parse(event.at) <= at);
      const next = events.findIndex((event) => event.kind === 'state' && event.data.state === 'starting' && Date.parse(event.at) > at);
      const isStarted = FAULTS[kind].costsStart.includes(stage) || kind.endsWith('-stop') || kind === 'pause';
      if (!isUnderWay || (isStarted && next < 0)) return [];
      const from = isStarted ? next : 0;
      const again = events.findIndex((event, index) => index >= from && event.kind === 'metrics' && Date.parse(event.at) > at);
      return again < 0 ? [] : [{ kind, ms: (arrivals[again] ?? NaN) - at }];
    }),
  );
}

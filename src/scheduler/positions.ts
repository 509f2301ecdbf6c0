// Where each waiting run stands: the order in which they would start if there were room for one after the other.
import { Order, type Next } from './order.js';
import { Room } from './room.js';
import { Shares } from './shares.js';
import type { Settings, State, WaitingRun } from './state.js';

export interface Position {
  runId: string;
  team: string;
  /** From 1, among all that wait. */
  position: number;
  /** From 1, among those of its team. */
  positionInTeam: number;
  /** Its team may not start it yet, or no device is large enough: it stands behind all that only wait for room. */
  heldBy: 'quota' | 'size' | null;
}

/** All that wait, the next one first. Each counts as started in its turn, as in a round of decisions with room for everybody. */
export function positionsOf(state: State, settings: Settings): Position[] {
  const served = inOrder(state, settings);
  const known = new Set([...served.possible, ...served.impossible].map(({ id }) => id));
  // What is left is held back by quotas: in the order in which it would be served without them.
  const teams = state.teams.map((team) => ({ ...team, maxRuns: null, budgetPerDay: null, storage: null }));
  const named = new Set(teams.map(({ id }) => id));
  const strangers = state.lines.filter(({ team }) => !named.has(team)).map(({ team }) => ({ id: team, weight: 1, usage: 0, users: [], maxRuns: null, budgetPerDay: null, spentToday: 0, storage: null }));
  const rest = inOrder({ ...state, teams: [...teams, ...strangers] }, settings);
  const isHeld = ({ id }: WaitingRun) => !known.has(id);
  const groups = [
    { runs: served.possible, heldBy: null },
    { runs: rest.possible.filter(isHeld), heldBy: 'quota' as const },
    { runs: rest.impossible, heldBy: 'size' as const },
  ];
  const inTeam = new Map<string, number>();
  const all = groups.flatMap(({ runs, heldBy }) => runs.map(({ id, team }) => ({ runId: id, team, heldBy })));
  return all.map(({ runId, team, heldBy }, index) => {
    const positionInTeam = (inTeam.get(team) ?? 0) + 1;
    inTeam.set(team, positionInTeam);
    return { runId, team, position: index + 1, positionInTeam, heldBy };
  });
}

/** As far as quotas allow. */
function inOrder(state: State, { quantumMs, price, agingMs }: Settings): { possible: WaitingRun[]; impossible: WaitingRun[] } {
  const room = new Room(state.devices);
  const isPossible: Room['couldEver'] = (request) => room.couldEver(request);
  const shares = new Shares(state, { quantumMs, price, isPossible });
  for (const run of state.promised) shares.reserve(run);
  const order = new Order(state, { shares, agingMs, isPossible });
  const possible: WaitingRun[] = [];
  const impossible: WaitingRun[] = [];
  const serve = ({ run, promised }: Next) => {
    if (!isPossible(run.request)) {
      impossible.push(run);
      return;
    }
    possible.push(run);
    if (promised) shares.redeem(run);
    shares.take({ ...run, devices: [] });
    order.started();
  };
  for (let next = order.next(); next !== null; next = order.next()) serve(next);
  return { possible, impossible };
}

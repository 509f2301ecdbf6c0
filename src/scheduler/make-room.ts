// Who is told to leave so that a run can start: nobody where enough leave anyway, and never more than are needed.
import type { Room } from './room.js';
import type { Shares } from './shares.js';
import { byId, type Device, type RunningRun, type Settings, type WaitingRun } from './state.js';

/** Sums of parts of devices differ in the last bits. */
const EPSILON = 1e-9;

export interface Victim {
  run: RunningRun;
  why: 'share' | 'turn' | 'loan';
}

export interface Plan {
  /** Those that the run gets. */
  devices: readonly string[];
  victims: readonly Victim[];
  /** When they are likely to be free. */
  at: number;
}

export interface Situation {
  now: number;
  devices: readonly Device[];
  running: readonly RunningRun[];
  settings: Settings;
  shares: Shares;
  /** What is free, without what is kept for others. */
  spare: Room;
  /** Ids of those that leave already. */
  leaving: ReadonlySet<string>;
  /** The run has waited too long. */
  aged: boolean;
}

/** Null where those who may be told to leave are not enough. */
export function makeRoom(run: WaitingRun, situation: Situation): Plan | null {
  const { running, spare, leaving, now, devices } = situation;
  const candidates = running.filter((one) => mayLeave(one, run, situation));
  if (candidates.length === 0 && leaving.size === 0) return null;
  const room = spare.copy();
  for (const one of running) if (leaving.has(one.id)) room.release(one);
  const soon = room.place(run.request);
  if (soon !== null) return { devices: soon, victims: [], at: now };
  const concerned = new Set(candidates.flatMap((one) => one.devices));
  // Each device by itself, or each box: who leaves another one is of no use.
  const open = devices.filter(({ kind, phase }) => kind === run.request.kind && phase === 'open');
  const places = run.request.devices === 1 ? open.map(({ id }) => [id]) : [...new Set(open.map(({ box }) => box))].map((box) => open.filter((device) => device.box === box).map(({ id }) => id));
  const plans = places
    .filter((place) => place.some((id) => concerned.has(id)))
    .map((place) => planAt(run, { ...situation, running: candidates, room, place: new Set(place) }))
    .filter((plan) => plan !== null);
  return plans.sort((a, b) => better(a, b, situation))[0] ?? null;
}

const ageOf = ({ startedAt }: RunningRun, now: number) => now - startedAt;

/** What a team holds beyond its share, negative below it. */
const excessOf = (team: string, { request: { kind } }: WaitingRun, { shares }: Situation) => shares.holds(team, kind) - shares.entitled(team, kind);

/** Whether a run may leave so that a team below its share gets it; how many of a team may is looked at later. */
function holdsTooMuch(one: RunningRun, run: WaitingRun, situation: Situation): boolean {
  const { now, settings } = situation;
  const hadItsTurn = ageOf(one, now) >= (one.aged ? settings.turnMs : settings.quantumMs);
  return hadItsTurn && one.team !== run.team && excessOf(run.team, run, situation) < -EPSILON && excessOf(one.team, run, situation) > EPSILON;
}

/** Whether a run may leave for one that has waited too long. */
const isLongServed = (one: RunningRun, { now, settings, aged }: Situation) => aged && ageOf(one, now) >= settings.turnMs;

function mayLeave(one: RunningRun, run: WaitingRun, situation: Situation): boolean {
  if (situation.leaving.has(one.id) || one.request.kind !== run.request.kind) return false;
  return one.lentBy === run.id || isLongServed(one, situation) || holdsTooMuch(one, run, situation);
}

/** Fewer, then those of the team that has used the most, then those that have just begun. */
function better(a: Plan, b: Plan, { shares }: Situation): number {
  const [one, other] = [a.victims.at(-1)!.run, b.victims.at(-1)!.run];
  return a.victims.length - b.victims.length || shares.used(other.team) - shares.used(one.team) || other.startedAt - one.startedAt || byId(one, other);
}

interface Place extends Situation {
  room: Room;
  place: ReadonlySet<string>;
}

function planAt(run: WaitingRun, at: Place): Plan | null {
  const victims: Victim[] = [];
  const left = at.room.copy();
  for (const victim of victimsOf(run, at)) {
    victims.push(victim);
    left.release(victim.run);
    if (left.place(run.request) !== null) return fewest(run, { victims, at });
  }
  return null;
}

function fewest(run: WaitingRun, { victims, at }: { victims: readonly Victim[]; at: Place }): Plan {
  const devicesWithout = (some: readonly Victim[]) => {
    const left = at.room.copy();
    for (const victim of some) left.release(victim.run);
    return left.place(run.request);
  };
  let needed = victims;
  for (const victim of victims) {
    const fewer = needed.filter((one) => one !== victim);
    if (devicesWithout(fewer) !== null) needed = fewer;
  }
  return { devices: devicesWithout(needed)!, victims: needed, at: at.now };
}

/** Runs at the place that may be told to leave for this one, those first that it concerns least. */
function* victimsOf(run: WaitingRun, at: Place): Generator<Victim> {
  const here = at.running.filter(({ devices }) => devices.some((device) => at.place.has(device))).sort(byId);
  const given = new Set<string>();
  const victim = (one: RunningRun, why: Victim['why']): Victim => {
    given.add(one.id);
    return { run: one, why };
  };
  for (const one of here) if (one.lentBy === run.id) yield victim(one, 'loan');
  for (const one of aboveTheirShare(run, { ...at, running: here.filter((one) => !given.has(one.id) && holdsTooMuch(one, run, at)) })) yield victim(one, 'share');
  const longest = here.filter((one) => !given.has(one.id) && isLongServed(one, at)).sort((a, b) => a.startedAt - b.startedAt);
  for (const one of longest) yield victim(one, 'turn');
}

/** Of runs that hold too much, as many as may leave: while the run's team stays within its share, or has used less of it than they have. */
function* aboveTheirShare(run: WaitingRun, situation: Place): Generator<RunningRun> {
  const { running, shares } = situation;
  const staysWithin = excessOf(run.team, run, situation) + shares.holdingOf(run.request) <= EPSILON;
  const used = shares.used(run.team);
  const left = new Map<string, number>();
  const candidates = [...running].sort((a, b) => shares.used(b.team) - shares.used(a.team) || a.priority - b.priority || b.startedAt - a.startedAt || byId(a, b));
  for (const one of candidates) {
    const excess = left.get(one.team) ?? excessOf(one.team, run, situation);
    if (excess <= EPSILON) continue;
    const after = excess - shares.holdingOf(one.request, one.devices);
    const keepsShare = after >= -EPSILON;
    if (!(staysWithin && keepsShare) && shares.used(one.team) <= used) continue;
    left.set(one.team, after);
    yield one;
  }
}

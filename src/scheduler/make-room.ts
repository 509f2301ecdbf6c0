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

/** Whether there may be a reason to; the shares of all are looked at later. */
function mayLeave(one: RunningRun, run: WaitingRun, { shares, leaving, now, settings, aged }: Situation): boolean {
  const { kind } = run.request;
  if (leaving.has(one.id) || one.request.kind !== kind) return false;
  if (one.lentBy === run.id || (aged && ageOf(one, now) >= settings.turnMs)) return true;
  const hadTheirTurn = ageOf(one, now) >= (one.aged ? settings.turnMs : settings.quantumMs);
  return hadTheirTurn && one.team !== run.team && shares.holds(run.team, kind) < shares.entitled(run.team, kind) - EPSILON && shares.holds(one.team, kind) > shares.entitled(one.team, kind) + EPSILON;
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
  const { running, place, now, settings, aged } = at;
  const here = running.filter(({ devices }) => devices.some((device) => place.has(device))).sort(byId);
  const given = new Set<string>();
  for (const one of here) {
    if (one.lentBy !== run.id) continue;
    given.add(one.id);
    yield { run: one, why: 'loan' };
  }
  for (const one of aboveTheirShare(run, { ...at, running: here.filter(({ id }) => !given.has(id)) })) {
    given.add(one.id);
    yield { run: one, why: 'share' };
  }
  if (!aged) return;
  for (const one of here.filter((one) => !given.has(one.id) && ageOf(one, now) >= settings.turnMs).sort((a, b) => a.startedAt - b.startedAt)) {
    yield { run: one, why: 'turn' };
  }
}

/** Runs of teams above their share, while the run's team stays within its own, or has used less of it than they have. */
function* aboveTheirShare(run: WaitingRun, { running, shares, now, settings }: Place): Generator<RunningRun> {
  const { kind } = run.request;
  const mine = shares.entitled(run.team, kind);
  const held = shares.holds(run.team, kind);
  if (held >= mine - EPSILON) return;
  const staysWithin = held + shares.holdingOf(run.request) <= mine + EPSILON;
  const used = shares.used(run.team);
  const left = new Map<string, number>();
  const candidates = running
    .filter((one) => one.team !== run.team && ageOf(one, now) >= (one.aged ? settings.turnMs : settings.quantumMs))
    .sort((a, b) => shares.used(b.team) - shares.used(a.team) || a.priority - b.priority || b.startedAt - a.startedAt || byId(a, b));
  for (const one of candidates) {
    const theirs = shares.entitled(one.team, kind);
    const holds = left.get(one.team) ?? shares.holds(one.team, kind);
    if (holds <= theirs + EPSILON) continue;
    const after = holds - shares.holdingOf(one.request, one.devices);
    const keepsShare = after >= theirs - EPSILON;
    if (!(staysWithin && keepsShare) && shares.used(one.team) <= used) continue;
    left.set(one.team, after);
    yield one;
  }
}

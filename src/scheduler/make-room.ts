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
}

export interface Claimant {
  run: WaitingRun;
  /** It has waited too long. */
  aged: boolean;
}

/** Null where those who may be told to leave are not enough. */
export function makeRoom(claimant: Claimant, situation: Situation): Plan | null {
  return new Claim(claimant, situation).plan();
}

class Claim {
  readonly #run: WaitingRun;
  readonly #aged: boolean;
  readonly #situation: Situation;
  /** What each team holds beyond its share, negative below it. */
  readonly #excess = new Map<string, number>();
  /** The run's team, with it, is within its share. */
  #staysWithin: boolean | null = null;

  constructor({ run, aged }: Claimant, situation: Situation) {
    this.#run = run;
    this.#aged = aged;
    this.#situation = situation;
  }

  plan(): Plan | null {
    const { running, spare, leaving, now } = this.#situation;
    const { request } = this.#run;
    const candidates = running.filter((one) => this.#mayLeave(one));
    if (candidates.length === 0 && leaving.size === 0) return null;
    const room = spare.copy();
    if (leaving.size > 0) for (const one of running) if (leaving.has(one.id)) room.release(one);
    const soon = room.place(request);
    if (soon !== null) return { devices: soon, victims: [], at: now };
    const plans = this.#places()
      .map((place) => this.#planAt(candidates.filter(({ devices }) => devices.some((id) => place.includes(id))), room))
      .filter((plan) => plan !== null);
    return plans.sort((a, b) => better(a, b, this.#situation))[0] ?? null;
  }

  /** Each device by itself, or each box: who leaves another one is of no use. */
  #places(): string[][] {
    const { request } = this.#run;
    const open = this.#situation.devices.filter(({ kind, phase }) => kind === request.kind && phase === 'open');
    if (request.devices === 1) return open.map(({ id }) => [id]);
    const boxes = new Set(open.map(({ box }) => box));
    return [...boxes].map((box) => open.filter((device) => device.box === box).map(({ id }) => id));
  }

  #excessOf(team: string): number {
    const known = this.#excess.get(team);
    if (known !== undefined) return known;
    const { shares } = this.#situation;
    const { kind } = this.#run.request;
    const excess = shares.holds(team, kind) - shares.entitled(team, kind);
    this.#excess.set(team, excess);
    return excess;
  }

  #mayLeave(one: RunningRun): boolean {
    if (this.#situation.leaving.has(one.id) || one.request.kind !== this.#run.request.kind) return false;
    return one.lentBy === this.#run.id || this.#isLongServed(one) || (this.#holdsTooMuch(one) && this.#isYielded(one, this.#excessOf(one.team)));
  }

  /** Whether a run may leave so that a team below its share gets it; how many of a team may is looked at later. */
  #holdsTooMuch({ team, startedAt, aged }: RunningRun): boolean {
    const { now, settings } = this.#situation;
    const hadItsTurn = now - startedAt >= (aged ? settings.turnMs : settings.quantumMs);
    return hadItsTurn && team !== this.#run.team && this.#excessOf(this.#run.team) < -EPSILON && this.#excessOf(team) > EPSILON;
  }

  /** Whether a run may leave for one that has waited too long. */
  #isLongServed({ startedAt }: RunningRun): boolean {
    const { now, settings } = this.#situation;
    return this.#aged && now - startedAt >= settings.turnMs;
  }

  /** @param here runs at the place that may be told to leave */
  #planAt(here: readonly RunningRun[], room: Room): Plan | null {
    if (!this.#isEnough(here, room)) return null;
    const victims: Victim[] = [];
    const left = room.copy();
    for (const victim of this.#victimsOf(here)) {
      victims.push(victim);
      left.release(victim.run);
      if (left.place(this.#run.request) !== null) return this.#fewest(victims, room);
    }
    return null;
  }

  /** Whether there were room if all of them left: mostly there is not, and who goes first need not be asked. */
  #isEnough(here: readonly RunningRun[], room: Room): boolean {
    const left = room.copy();
    for (const one of here) left.release(one);
    return left.place(this.#run.request) !== null;
  }

  #fewest(victims: readonly Victim[], room: Room): Plan {
    const devicesWithout = (some: readonly Victim[]) => {
      const left = room.copy();
      for (const victim of some) left.release(victim.run);
      return left.place(this.#run.request);
    };
    let needed = victims;
    for (const victim of victims) {
      const fewer = needed.filter((one) => one !== victim);
      if (devicesWithout(fewer) !== null) needed = fewer;
    }
    return { devices: devicesWithout(needed)!, victims: needed, at: this.#situation.now };
  }

  /** Those first that it concerns least. */
  *#victimsOf(all: readonly RunningRun[]): Generator<Victim> {
    const here = [...all].sort(byId);
    const given = new Set<string>();
    const victim = (run: RunningRun, why: Victim['why']): Victim => {
      given.add(run.id);
      return { run, why };
    };
    for (const one of here) if (one.lentBy === this.#run.id) yield victim(one, 'loan');
    for (const one of this.#aboveTheirShare(here.filter((one) => !given.has(one.id) && this.#holdsTooMuch(one)))) yield victim(one, 'share');
    const longest = here.filter((one) => !given.has(one.id) && this.#isLongServed(one)).sort((a, b) => a.startedAt - b.startedAt);
    for (const one of longest) yield victim(one, 'turn');
  }

  /** Whether a run leaves where its team holds so much beyond its share: while the claimant's team stays within its own, or has used less of it. */
  #isYielded(one: RunningRun, excess: number): boolean {
    const { shares } = this.#situation;
    this.#staysWithin ??= this.#excessOf(this.#run.team) + shares.holdingOf(this.#run.request) <= EPSILON;
    const keepsShare = excess - shares.holdingOf(one.request, one.devices) >= -EPSILON;
    return (this.#staysWithin && keepsShare) || shares.used(one.team) > shares.used(this.#run.team);
  }

  /** Of runs that hold too much, as many as may leave. */
  *#aboveTheirShare(running: readonly RunningRun[]): Generator<RunningRun> {
    const { shares } = this.#situation;
    const left = new Map<string, number>();
    const candidates = [...running].sort((a, b) => shares.used(b.team) - shares.used(a.team) || a.priority - b.priority || b.startedAt - a.startedAt || byId(a, b));
    for (const one of candidates) {
      const excess = left.get(one.team) ?? this.#excessOf(one.team);
      if (excess <= EPSILON) continue;
      if (!this.#isYielded(one, excess)) continue;
      left.set(one.team, excess - shares.holdingOf(one.request, one.devices));
      yield one;
    }
  }
}

/** Fewer, then those of the team that has used the most, then those of less priority, then those that have just begun. */
function better(a: Plan, b: Plan, { shares }: Situation): number {
  const [one, other] = [a.victims.at(-1)!.run, b.victims.at(-1)!.run];
  return a.victims.length - b.victims.length || shares.used(other.team) - shares.used(one.team) || one.priority - other.priority || other.startedAt - one.startedAt || byId(one, other);
}

// The policy: from how things stand, what is to be done now. Pure and deterministic.
//
// A run that is next but does not fit has room made for it where that may be, else devices are kept for it. Runs behind
// it start where they leave it alone, or on loan until it can start.
import type { DeviceKind } from '../schemas/device-kind.js';
import { leastMemoryOf, needsOf, shapeOf } from './lines.js';
import { makeRoom, type Plan, type Situation } from './make-room.js';
import { Order, type Next } from './order.js';
import { Room } from './room.js';
import { Shares } from './shares.js';
import { byId, isSpent, type Decision, type Line, type Request, type RunningRun, type Settings, type State, type WaitingRun } from './state.js';

/** What is kept for a run until it can start. */
export interface Kept {
  runId: string;
  request: Request;
  /** Ids; none where it is not known yet which. */
  devices: readonly string[];
  /** When they are likely to be free. */
  at: number;
}

export function decide(state: State, settings: Settings): Decision[] {
  return new Round(state, settings).decide();
}

/** The same, with the devices that are kept for runs that go first and cannot start yet. */
export function decideAndKeep(state: State, settings: Settings): { decisions: Decision[]; kept: readonly Kept[] } {
  const round = new Round(state, settings);
  return { decisions: round.decide(), kept: round.kept };
}

/** When a run is over, as far as anybody knows: one that is overdue takes as long again. */
export function endOf({ expectedEnd }: RunningRun, now: number): number {
  return expectedEnd > now ? expectedEnd : now + (now - expectedEnd);
}

/** How many kinds of devices are waited for. */
function kindsOf(lines: readonly Line[]): number {
  const kinds = new Set<DeviceKind>();
  for (const line of lines) for (const kind of needsOf(line).kinds) kinds.add(kind);
  return kinds.size;
}

class Round {
  readonly #state: State;
  readonly #settings: Settings;
  readonly #shares: Shares;
  readonly #decisions: Decision[] = [];
  /** As the devices are. */
  readonly #room: Room;
  /** The same, when those have started for whom devices are kept. */
  readonly #spare: Room;
  readonly #leaving = new Set<string>();
  readonly #situation: Situation;
  readonly #kept: Kept[] = [];
  readonly #waitedFor = new Set<DeviceKind>();
  /** The least memory that does not fit in this round, by shape: room only becomes less. */
  readonly #tooLarge = new Map<number, number>();
  /** The least memory that runs of a team wait for, by shape; without what fits nowhere. */
  readonly #wanted = new Map<string, Map<number, number>>();
  /** The most memory that fits on an empty box, as far as it was asked for, and the least that does not; by shape. */
  readonly #possible = new Map<number, number>();
  readonly #impossible = new Map<number, number>();
  /** Teams that had their chance to get back what is theirs. */
  readonly #tried = new Set<string>();

  constructor(state: State, settings: Settings) {
    this.#state = state;
    this.#settings = settings;
    this.#room = new Room(state.devices, state.running);
    this.#spare = this.#room.copy();
    this.#shares = new Shares(state, { ...settings, isPossible: (request) => this.#isPossible(request) });
    const { now, devices, running } = state;
    this.#situation = { now, devices, running, settings, shares: this.#shares, spare: this.#spare, leaving: this.#leaving };
    for (const run of running) if (run.leaving) this.#leaving.add(run.id);
    for (const run of state.promised) this.#shares.reserve(run);
  }

  get kept(): readonly Kept[] {
    return this.#kept;
  }

  decide(): Decision[] {
    this.#endThoseWhoMust();
    const { lines } = this.#state;
    if (lines.length === 0) return this.#decisions;
    const order = new Order(this.#state, { shares: this.#shares, agingMs: this.#settings.agingMs, isPossible: (request) => this.#isPossible(request) });
    const kinds = kindsOf(lines);
    const leastMiB = leastMemoryOf(lines);
    this.#noteWhatIsWanted();
    for (let next = order.next(); next !== null; next = order.next()) {
      if (this.#serve(next)) order.started();
      // Nothing of the team can start any more, and its others have no other claims than this one.
      else if (this.#waitedFor.size === kinds && this.#tried.has(next.run.team) && (this.#room.isFullFor(leastMiB) || this.#isAllTooLarge(next.run.team))) order.drop(next.run.team);
    }
    return this.#decisions;
  }

  #noteWhatIsWanted(): void {
    for (const line of this.#state.lines) {
      const least = this.#wanted.get(line.team) ?? new Map<number, number>();
      this.#wanted.set(line.team, least);
      for (const { shape, request } of needsOf(line).least) {
        if (request.memoryMiB < (least.get(shape) ?? Infinity) && this.#isPossible(request)) least.set(shape, request.memoryMiB);
      }
    }
  }

  #isAllTooLarge(team: string): boolean {
    for (const [shape, memoryMiB] of this.#wanted.get(team)!) if (memoryMiB < (this.#tooLarge.get(shape) ?? Infinity)) return false;
    return true;
  }

  #isPossible(request: Request): boolean {
    const shape = shapeOf(request);
    if (request.memoryMiB <= (this.#possible.get(shape) ?? -1)) return true;
    if (request.memoryMiB >= (this.#impossible.get(shape) ?? Infinity)) return false;
    const isPossible = this.#room.couldEver(request);
    (isPossible ? this.#possible : this.#impossible).set(shape, request.memoryMiB);
    return isPossible;
  }

  #endThoseWhoMust(): void {
    const { running, devices, teams, now } = this.#state;
    const drained = new Set(devices.filter(({ phase }) => phase === 'draining').map(({ id }) => id));
    const spent = new Set(teams.filter(isSpent).map(({ id }) => id));
    const isOver = ({ endsBy }: RunningRun) => endsBy !== null && endsBy <= now;
    const isDrained = (run: RunningRun) => run.devices.some((id) => drained.has(id));
    const concerned = running.filter((run) => !this.#leaving.has(run.id) && (isOver(run) || isDrained(run) || spent.has(run.team)));
    for (const run of concerned.sort(byId)) {
      if (isOver(run)) this.#decisions.push({ type: 'stop', runId: run.id, why: 'timeout' });
      else if (isDrained(run)) this.#decisions.push({ type: 'preempt', runId: run.id, why: 'drain', for: null });
      else this.#decisions.push({ type: 'preempt', runId: run.id, why: 'budget', for: null });
      this.#leaving.add(run.id);
    }
  }

  /** Whether the run is started, or counts as if. */
  #serve({ run, aged, promised }: Next): boolean {
    const { request } = run;
    if (!this.#isPossible(request)) return false;
    const devices = this.#isTooLarge(request) ? null : this.#spare.place(request);
    if (devices !== null) return this.#start(run, { devices, aged, promised, lentBy: null });
    if (promised || !this.#waitedFor.has(request.kind)) {
      this.#waitedFor.add(request.kind);
      this.#tried.add(run.team);
      const plan = makeRoom({ run, aged }, this.#situation);
      this.#keep(run, plan ?? this.#whereFirst(run), promised);
      return plan !== null;
    }
    if (!this.#tried.has(run.team)) {
      this.#tried.add(run.team);
      const isBelow = this.#shares.holds(run.team, request.kind) < this.#shares.entitled(run.team, request.kind);
      const plan = isBelow ? makeRoom({ run, aged: false }, this.#situation) : null;
      if (plan !== null) {
        this.#keep(run, plan, false);
        return true;
      }
    }
    if (this.#isTooLarge(request)) return false;
    const loan = this.#borrow(request);
    if (loan !== null) return this.#start(run, { ...loan, aged, promised });
    this.#tooLarge.set(shapeOf(request), request.memoryMiB);
    return false;
  }

  #isTooLarge(request: Request): boolean {
    return request.memoryMiB >= (this.#tooLarge.get(shapeOf(request)) ?? Infinity);
  }

  #start(run: WaitingRun, { devices, aged, promised, lentBy }: { devices: readonly string[]; aged: boolean; promised: boolean; lentBy: string | null }): true {
    this.#decisions.push({ type: 'start', runId: run.id, devices, aged, lentBy });
    if (promised) this.#shares.redeem(run);
    const placed = { ...run, devices };
    this.#room.take(placed);
    this.#spare.take(placed);
    this.#shares.take(placed);
    return true;
  }

  #keep({ id, request, team }: WaitingRun, { devices, victims, at }: Plan, promised: boolean): void {
    for (const { run, why } of victims) {
      this.#decisions.push({ type: 'preempt', runId: run.id, why, for: id });
      this.#leaving.add(run.id);
    }
    if (victims.length > 0 && !promised) this.#shares.reserve({ team });
    this.#kept.push({ runId: id, request, devices, at });
    this.#spare.take({ request, devices });
  }

  /** Where nobody may be told to leave: the devices that are free first, as far as anybody knows. */
  #whereFirst({ request }: WaitingRun): Plan {
    const { running, now } = this.#state;
    const left = this.#spare.copy();
    for (const run of running) if (this.#leaving.has(run.id)) left.release(run);
    const ends = running.filter(({ id }) => !this.#leaving.has(id)).map((run) => ({ run, at: endOf(run, now) }));
    for (const { run, at } of ends.sort((a, b) => a.at - b.at || byId(a.run, b.run))) {
      left.release(run);
      const devices = left.place(request);
      if (devices !== null) return { devices, victims: [], at };
    }
    // What else is kept stands in the way: it is the turn of those first.
    return { devices: [], victims: [], at: Infinity };
  }

  /** Devices that are kept for one who does not need them for a while. */
  #borrow(request: Request): { devices: readonly string[]; lentBy: string } | null {
    for (const kept of this.#kept) {
      if (kept.request.kind !== request.kind || kept.at - this.#state.now < this.#settings.loanMs) continue;
      const room = this.#spare.copy();
      room.release(kept);
      const devices = room.place(request);
      if (devices !== null) return { devices, lentBy: kept.runId };
    }
    return null;
  }
}

// The policy: from how things stand, what is to be done now. Pure and deterministic.
//
// The run that is next but does not fit is the head of its kind of device: room is made for it where it may be, else
// devices are kept for it. Runs behind it start where they leave it alone, or on loan until it can start.
import { Order } from './order.js';
import { Room } from './room.js';
import { Shares } from './shares.js';
import { byId, type Decision, type DeviceKind, type Line, type RunningRun, type Settings, type State, type WaitingRun } from './state.js';

/** Sums of parts of devices differ in the last bits. */
const EPSILON = 1e-9;

interface Kept {
  devices: readonly string[];
  /** When they are likely to be free. */
  at: number;
}

interface Victim {
  run: RunningRun;
  why: 'share' | 'turn' | 'loan';
}

/** How many kinds of devices are waited for: there is one head of each. */
function kindsOf(lines: readonly Line[]): number {
  const [first] = lines;
  const isMixed = first !== undefined && lines.some(({ runs }) => runs.some(({ request }) => request.kind !== first.oldest.request.kind));
  return first === undefined ? 0 : isMixed ? 2 : 1;
}

export function decide(state: State, settings: Settings): Decision[] {
  return new Round(state, settings).decide();
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
  readonly #heads = new Map<DeviceKind, Kept>();
  /** By what else is asked for, the least memory that does not fit in this round: room only becomes less. */
  readonly #tooLarge = new Map<number, number>();

  constructor(state: State, settings: Settings) {
    this.#state = state;
    this.#settings = settings;
    this.#shares = new Shares(state, settings);
    this.#room = new Room(state.devices, state.running);
    this.#spare = this.#room.copy();
    for (const run of state.running) if (run.leaving) this.#leaving.add(run.id);
  }

  decide(): Decision[] {
    this.#endThoseWhoMust();
    const { lines, now } = this.#state;
    const order = new Order(lines, { shares: this.#shares, now, agingMs: this.#settings.agingMs });
    const kinds = kindsOf(lines);
    for (let next = order.next(); next !== null; next = order.next()) {
      if (this.#heads.size === kinds && this.#room.isFull) break;
      if (this.#serve(next.run, next.aged)) order.started();
    }
    return this.#decisions;
  }

  #endThoseWhoMust(): void {
    const { running, devices, now } = this.#state;
    const drained = new Set(devices.filter(({ phase }) => phase === 'draining').map(({ id }) => id));
    for (const run of running) {
      if (this.#leaving.has(run.id)) continue;
      const isOver = run.endsBy !== null && run.endsBy <= now;
      if (isOver) this.#decisions.push({ type: 'stop', runId: run.id, why: 'timeout' });
      else if (run.devices.some((id) => drained.has(id))) this.#decisions.push({ type: 'preempt', runId: run.id, why: 'drain', for: null });
      else continue;
      this.#leaving.add(run.id);
    }
  }

  /** Whether the run is started. */
  #serve(run: WaitingRun, aged: boolean): boolean {
    const { request } = run;
    const shape = 4 * request.devices + (request.exclusive ? 2 : 0) + (request.kind === 'gpu' ? 1 : 0);
    if (request.memoryMiB >= (this.#tooLarge.get(shape) ?? Infinity)) return false;
    const head = this.#heads.get(request.kind);
    const devices = this.#spare.place(request);
    if (devices !== null) return this.#start(run, devices, false);
    if (head !== undefined) {
      const lent = head.at - this.#state.now >= this.#settings.loanMs ? this.#room.place(request) : null;
      if (lent !== null) return this.#start(run, lent, true);
    } else if (this.#room.couldEver(request)) {
      const kept = this.#makeRoom(run, aged);
      this.#heads.set(request.kind, kept);
      this.#spare.take({ request, devices: kept.devices });
    }
    this.#tooLarge.set(shape, request.memoryMiB);
    return false;
  }

  #start(run: WaitingRun, devices: readonly string[], onLoan: boolean): true {
    this.#decisions.push({ type: 'start', runId: run.id, devices, onLoan });
    const placed = { ...run, devices };
    this.#room.take(placed);
    this.#spare.take(placed);
    this.#shares.take(placed);
    return true;
  }

  /** Tells runs to leave, when that makes enough room and may be; answers the devices that are kept for the run. */
  #makeRoom(run: WaitingRun, aged: boolean): Kept {
    const { running, now } = this.#state;
    const room = this.#room.copy();
    for (const one of running) if (this.#leaving.has(one.id)) room.release(one);
    const soon = room.place(run.request);
    if (soon !== null) return { devices: soon, at: now };
    const victims: Victim[] = [];
    const before = room.copy();
    for (const victim of this.#victims(run, aged)) {
      victims.push(victim);
      room.release(victim.run);
      if (room.place(run.request) !== null) return this.#preempt(run, { victims, room: before });
    }
    return this.#wait(run, before);
  }

  /** The fewest of these, in their order from the last on, that make enough room. */
  #preempt(run: WaitingRun, { victims, room }: { victims: readonly Victim[]; room: Room }): Kept {
    let needed = [...victims];
    const roomWithout = (some: readonly Victim[]) => {
      const left = room.copy();
      for (const victim of some) left.release(victim.run);
      return left;
    };
    for (const victim of victims) {
      const fewer = needed.filter((one) => one !== victim);
      if (roomWithout(fewer).place(run.request) !== null) needed = fewer;
    }
    for (const { run: victim, why } of needed) {
      this.#decisions.push({ type: 'preempt', runId: victim.id, why, for: run.id });
      this.#leaving.add(victim.id);
    }
    return { devices: roomWithout(needed).place(run.request)!, at: this.#state.now };
  }

  /** Keeps the devices that are free first, as far as anybody knows. */
  #wait(run: WaitingRun, room: Room): Kept {
    const { running, now } = this.#state;
    const ends = running.filter(({ id }) => !this.#leaving.has(id)).sort((a, b) => a.expectedEnd - b.expectedEnd || byId(a, b));
    const left = room.copy();
    for (const one of ends) {
      left.release(one);
      const devices = left.place(run.request);
      if (devices !== null) return { devices, at: Math.max(now, one.expectedEnd) };
    }
    return { devices: left.place(run.request) ?? [], at: Infinity };
  }

  /** Runs that may be told to leave for this one, those first that it concerns least. */
  *#victims(head: WaitingRun, aged: boolean): Generator<Victim> {
    const { now, running } = this.#state;
    const { quantumMs, turnMs } = this.#settings;
    const given = new Set<string>();
    const candidates = running.filter(({ id, request }) => request.kind === head.request.kind && !this.#leaving.has(id)).sort(byId);
    for (const run of candidates) {
      if (!run.onLoan) continue;
      given.add(run.id);
      yield { run, why: 'loan' };
    }
    for (const run of this.#overShare(head, candidates.filter(({ id, startedAt }) => !given.has(id) && now - startedAt >= quantumMs))) {
      given.add(run.id);
      yield { run, why: 'share' };
    }
    if (!aged) return;
    for (const run of candidates.filter(({ id, startedAt }) => !given.has(id) && now - startedAt >= turnMs).sort((a, b) => a.startedAt - b.startedAt || byId(a, b))) {
      yield { run, why: 'turn' };
    }
  }

  /** Runs of teams above their share, while the run's team stays within its own, or has used less of it than they have. */
  *#overShare(head: WaitingRun, candidates: readonly RunningRun[]): Generator<RunningRun> {
    const shares = this.#shares;
    const { kind } = head.request;
    const mine = shares.entitled(head.team, kind);
    const held = shares.holds(head.team, kind);
    if (held >= mine - EPSILON) return;
    const fitsMine = held + shares.holdingOf(head.request) <= mine + EPSILON;
    const used = shares.used(head.team);
    const left = new Map<string, number>();
    const sorted = candidates
      .filter(({ team }) => team !== head.team)
      .sort((a, b) => shares.used(b.team) - shares.used(a.team) || a.priority - b.priority || b.startedAt - a.startedAt || byId(a, b));
    for (const run of sorted) {
      const theirs = shares.entitled(run.team, kind);
      const holds = left.get(run.team) ?? shares.holds(run.team, kind);
      if (holds <= theirs + EPSILON) continue;
      const after = holds - shares.holdingOf(run.request, run.devices);
      const keepsShare = after >= theirs - EPSILON;
      if (!(fitsMine && keepsShare) && shares.used(run.team) <= used) continue;
      left.set(run.team, after);
      yield run;
    }
  }
}

// Decides what starts where, again and again: one of all supervisors at a time, the others stand by. The database
// holds who waits and who has which place; what is kept here can be read again at any time.
import { decide } from '../scheduler/decide.js';
import { holdingOf } from '../scheduler/room.js';
import type { Decision, Device, Settings, State } from '../scheduler/state.js';
import { readDeviceKey } from './devices.js';
import { Measures } from './measures.js';
import type { Eviction, Placement, Placements, TeamRow, WaitingRow } from './placements.js';
import type { Scene } from './scene.js';
import { runningRun, teamsOf, type Usage } from './situation.js';
import { WaitingList } from './waiting-list.js';

/** One round: what came of it, and how long its parts took. */
export interface RoundTold {
  waiting: number;
  started: number;
  evicted: number;
  readMs: number;
  /** The policy alone. */
  decideMs: number;
  writeMs: number;
  handMs: number;
  /** From being woken, also where the round before was not done yet. */
  wholeMs: number;
}

export interface DispatcherOptions {
  /** Unique among all who could decide. */
  owner: string;
  placements: Placements;
  scene(now: number): Promise<Scene>;
  usage(now: number): Promise<Usage>;
  settings: Settings;
  /** Hands a run with a place to the box; the row is the truth, and it is handed over again where that fails. */
  hand(job: { runId: string; attempt: number; box: string }): Promise<void>;
  /** Tells who holds these runs that they are to leave; they read it by themselves a little later. */
  tell(runIds: readonly string[]): Promise<void>;
  /** After each decision, for those who measure. */
  onRound?(round: RoundTold): void;
  onError(error: unknown, what: string): void;
  now?: () => number;
}

export interface Dispatcher {
  /** Something has changed: the run, where one is named; else anything. */
  wake(runId?: string): void;
  /** A run has left its devices, and nothing else has changed. */
  freed(): void;
  /** Who waits, as far as it was heard of; nobody while another decides. */
  waiting(): WaitingRow[];
  /** Whether this one decides. */
  leads(): boolean;
  stop(): Promise<void>;
}

/** Time brings its own changes: turns, quanta, estimates, and what got lost on the way. Boxes and teams are looked at then. */
const TICK_MS = 1_000;
const LEAD_MS = 6_000;
const USAGE_MS = 2_000;
/** A place that was not taken for so long: its job is handed over again, or it is given to others. */
const HAND_AGAIN_MS = 2_000;
const RELEASE_MS = 15_000;
/** Who can hand nothing over lets others decide for so long: it may be alone in having lost the queue. */
const REST_MS = 5_000;

export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const dispatcher = new Rounds(options);
  dispatcher.wake();
  return dispatcher;
}

/** What changes rarely. */
interface Surroundings extends Scene {
  teams: readonly TeamRow[];
}

class Rounds implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #now: () => number;
  #measures!: Measures;
  #waiting!: WaitingList;
  #surroundings: Surroundings | null = null;
  /** They may be others by now. */
  #isStale = true;
  #usage: { value: Usage; at: number } | null = null;
  #leads = false;
  #leadsUntil = 0;
  #restsUntil = -Infinity;
  #stopped = false;
  /** Since when, by the process's own clock; null where nothing is new. */
  #wokenAt: number | null = null;
  #round: Promise<void> | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#forget();
    this.#timer = setInterval(() => this.wake(), TICK_MS);
    this.#timer.unref();
  }

  wake(runId?: string): void {
    if (runId === undefined) this.#isStale = true;
    else this.#waiting.heardOf(runId);
    this.freed();
  }

  freed(): void {
    this.#wokenAt ??= performance.now();
    this.#round ??= this.#rounds().finally(() => (this.#round = null));
  }

  leads(): boolean {
    return this.#leads;
  }

  waiting(): WaitingRow[] {
    return this.#leads ? this.#waiting.rows() : [];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#round;
    await this.#waiting.settled();
    if (this.#leads) await this.#abdicate();
  }

  async #abdicate(): Promise<void> {
    this.#leads = false;
    await this.#options.placements.abdicate(this.#options.owner).catch((error: unknown) => this.#options.onError(error, 'giving up the lead'));
  }

  async #rounds(): Promise<void> {
    while (this.#wokenAt !== null && !this.#stopped) {
      const wokenAt = this.#wokenAt;
      this.#wokenAt = null;
      try {
        if (await this.#lead()) await this.#decide(wokenAt);
      } catch (error) {
        this.#options.onError(error, 'scheduling');
        return; // until the next tick: what is away now is likely to be away for a moment
      }
    }
  }

  async #lead(): Promise<boolean> {
    const { placements, owner } = this.#options;
    const now = this.#now();
    if (now < this.#restsUntil) return false;
    if (this.#leads && now < this.#leadsUntil - LEAD_MS / 2) return true;
    const leads = await placements.lead(owner, LEAD_MS);
    // Whoever takes over begins with nothing that he believes to know.
    if (!leads || !this.#leads) this.#forget();
    this.#leads = leads;
    this.#leadsUntil = now + LEAD_MS;
    return leads;
  }

  #forget(): void {
    this.#measures = new Measures((shapes) => this.#options.placements.measured(shapes));
    this.#waiting = new WaitingList(this.#options.placements, this.#measures);
    this.#surroundings = null;
    this.#usage = null;
  }

  async #decide(wokenAt: number): Promise<void> {
    const { placements, settings } = this.#options;
    const now = this.#now();
    const lap = stopwatch();
    const { devices, largest, seen, teams } = this.#surroundings === null || this.#isStale ? await this.#look(now) : this.#surroundings;
    const [placed, usage] = await Promise.all([placements.placed(), this.#currentUsage(now), this.#waiting.read({ now, largest })]);
    await this.#measures.learn(placed);
    const running = placed.map((row) => runningRun(row, { now, largest, seen, measured: this.#measures.found }));
    const lines = this.#waiting.lines();
    const members = [...lines, ...running];
    const state: State = { now, devices, running, lines, teams: teamsOf(await this.#teamsOf(members, teams), members, usage, settings.price), promised: this.#waiting.promised() };
    const readMs = lap();
    const decisions = decide(state, settings);
    const decideMs = lap();
    const { started, evicted } = await this.#carryOut(decisions, devices);
    const writeMs = lap();
    const handAgain = placed.filter((row) => row.state === 'queued' && row.placedAgoMs > HAND_AGAIN_MS);
    await this.#hand([...started, ...handAgain.map(({ id, attempt, box }) => ({ runId: id, attempt: attempt + 1, box }))]);
    this.#options.onRound?.({ waiting: this.#waiting.size, started: started.length, evicted, readMs, decideMs, writeMs, handMs: lap(), wholeMs: performance.now() - wokenAt });
  }

  /** Places that nobody will take are taken back first. */
  async #look(now: number): Promise<Surroundings> {
    const { placements, owner } = this.#options;
    this.#isStale = false; // whatever is heard of from here on may not be in them
    const [scene, teams] = await Promise.all([this.#options.scene(now), placements.teams()]);
    const released = await placements.release(owner, { alive: scene.alive.map(({ box }) => box), afterMs: RELEASE_MS });
    for (const id of released) this.#waiting.heardOf(id);
    return (this.#surroundings = { ...scene, teams });
  }

  /** Read again where a run is of a team that was not there yet. */
  async #teamsOf(members: readonly { team: string }[], teams: readonly TeamRow[]): Promise<readonly TeamRow[]> {
    const known = new Set(teams.map(({ id }) => id));
    return members.every(({ team }) => known.has(team)) ? teams : this.#options.placements.teams();
  }

  async #currentUsage(now: number): Promise<Usage> {
    if (this.#usage === null || this.#usage.at < now - USAGE_MS) this.#usage = { value: await this.#options.usage(now), at: now };
    return this.#usage.value;
  }

  async #carryOut(decisions: readonly Decision[], devices: readonly Device[]): Promise<{ started: { runId: string; attempt: number; box: string }[]; evicted: number }> {
    const { placements, owner } = this.#options;
    const byKey = new Map(devices.map((device) => [device.id, device]));
    const starts = decisions.flatMap((decision) => (decision.type === 'start' ? [this.#placement(decision, byKey)] : []));
    const evictions = decisions.flatMap((decision): Eviction[] => (decision.type === 'start' ? [] : [{ runId: decision.runId, why: decision.why, for: decision.type === 'preempt' ? decision.for : null }]));
    const { mayDecide, placed, evicted } = await placements.commit(owner, { placements: starts, evictions });
    if (!mayDecide) {
      this.#leads = false;
      throw new Error('the lead was lost while a round was under way, which must not take as long as a lease');
    }
    const accepted = new Set(placed);
    // What was not placed has changed, or its box has; what was has left the line.
    for (const { runId } of starts) {
      if (accepted.has(runId)) this.#waiting.drop(runId);
      else this.#waiting.heardOf(runId);
    }
    if (placed.length < starts.length) this.#isStale = true;
    for (const eviction of evictions) {
      const known = eviction.for === null ? undefined : this.#waiting.get(eviction.for);
      if (known !== undefined) known.row.promisedAt ??= new Date(this.#now());
    }
    if (evicted.length > 0) await this.#options.tell(evicted).catch((error: unknown) => this.#options.onError(error, 'telling runs to make room'));
    return { started: starts.filter(({ runId }) => accepted.has(runId)).map(({ runId, attempt, box }) => ({ runId, attempt: attempt + 1, box })), evicted: evicted.length };
  }

  #placement({ runId, devices, aged, lentBy }: Extract<Decision, { type: 'start' }>, byKey: ReadonlyMap<string, Device>): Placement {
    const { row, run } = this.#waiting.get(runId)!;
    const places = devices.map(readDeviceKey);
    return {
      runId, attempt: row.attempt, box: places[0]!.box, deviceIds: places.map(({ deviceId }) => deviceId), aged, lentBy,
      memoryMiB: run.request.memoryMiB, share: holdingOf(run.request, byKey.get(devices[0]!)!),
    };
  }

  async #hand(jobs: readonly { runId: string; attempt: number; box: string }[]): Promise<void> {
    const results = await Promise.allSettled(jobs.map((job) => this.#options.hand(job)));
    const failed = results.filter((result) => result.status === 'rejected');
    if (failed.length === 0) return;
    this.#options.onError(failed[0]!.reason, 'handing over a run');
    if (failed.length < jobs.length) return;
    this.#restsUntil = this.#now() + REST_MS;
    await this.#abdicate();
  }
}

/** Answers the milliseconds since it was asked last. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const elapsed = -last + (last = performance.now());
    return elapsed;
  };
}

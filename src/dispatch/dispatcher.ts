// Decides what starts where, again and again: one of all supervisors at a time, the others stand by. The database
// holds who waits and who has which place; what is kept here can be read again at any time.
import type { Worker } from '../devices/worker-repository.js';
import { decide } from '../scheduler/decide.js';
import { Lines } from '../scheduler/lines.js';
import { holdingOf } from '../scheduler/room.js';
import type { Decision, Device, Settings, State, WaitingRun } from '../scheduler/state.js';
import type { BoxPhase } from '../schemas/box.js';
import { readDeviceKey, schedulableDevices } from './devices.js';
import type { Eviction, Placement, Placements, WaitingRow } from './placements.js';
import { hasGpuAmong, runningRun, teamsOf, waitingRun, type Context, type Usage } from './situation.js';

export interface DispatcherOptions {
  /** Unique among all who could decide. */
  owner: string;
  placements: Placements;
  /** Those who are alive. */
  workers(): Promise<readonly Worker[]>;
  phases(): Promise<ReadonlyMap<string, BoxPhase>>;
  usage(now: number): Promise<Usage>;
  settings: Settings;
  /** Hands a run with a place to the box; the row is the truth, and it is handed over again where that fails. */
  hand(job: { runId: string; attempt: number; box: string }): Promise<void>;
  /** Tells who holds these runs that they are to leave; they read it by themselves a little later. */
  tell(runIds: readonly string[]): Promise<void>;
  /** After each decision, for those who measure. */
  onRound?(round: { waiting: number; started: number; evicted: number; decideMs: number }): void;
  onError(error: unknown, what: string): void;
  now?: () => number;
}

export interface Dispatcher {
  /** Something has changed: the run, where one is named. */
  wake(runId?: string): void;
  /** Whether this one decides. */
  leads(): boolean;
  stop(): Promise<void>;
}

/** Time brings its own changes: turns, quanta, estimates, and what got lost on the way. */
const TICK_MS = 1_000;
const LEAD_MS = 6_000;
/** Everything is read anew this often; in between, only what was heard of. */
const READ_ALL_MS = 5_000;
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

interface Known {
  row: WaitingRow;
  run: WaitingRun;
}

class Rounds implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #now: () => number;
  #lines = new Lines();
  readonly #known = new Map<string, Known>();
  /** Runs that were heard of since the last round. */
  #news = new Set<string>();
  #readAllAt = -Infinity;
  #usage: { value: Usage; at: number } | null = null;
  #hadGpu = false;
  #leads = false;
  #leadsUntil = 0;
  #restsUntil = -Infinity;
  #stopped = false;
  #isWoken = false;
  #round: Promise<void> | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#timer = setInterval(() => this.wake(), TICK_MS);
    this.#timer.unref();
  }

  wake(runId?: string): void {
    if (runId !== undefined) this.#news.add(runId);
    this.#isWoken = true;
    this.#round ??= this.#rounds().finally(() => (this.#round = null));
  }

  leads(): boolean {
    return this.#leads;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#round;
    if (this.#leads) await this.#abdicate();
  }

  async #abdicate(): Promise<void> {
    this.#leads = false;
    await this.#options.placements.abdicate(this.#options.owner).catch((error: unknown) => this.#options.onError(error, 'giving up the lead'));
  }

  async #rounds(): Promise<void> {
    while (this.#isWoken && !this.#stopped) {
      this.#isWoken = false;
      try {
        if (await this.#lead()) await this.#decide();
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
    const leads = await placements.lead(owner, new Date(now + LEAD_MS));
    // Whoever takes over begins with nothing that he believes to know.
    if (!leads || !this.#leads) this.#forget();
    this.#leads = leads;
    this.#leadsUntil = now + LEAD_MS;
    return leads;
  }

  #forget(): void {
    this.#lines = new Lines();
    this.#known.clear();
    this.#news.clear();
    this.#readAllAt = -Infinity;
    this.#usage = null;
  }

  async #decide(): Promise<void> {
    const { placements, owner, settings } = this.#options;
    const now = this.#now();
    const [workers, phases] = await Promise.all([this.#options.workers(), this.#options.phases()]);
    const released = await placements.release(owner, { alive: workers.map(({ box }) => box), before: new Date(now - RELEASE_MS) });
    for (const id of released) this.#news.add(id);
    const [placed, teams, usage] = await Promise.all([placements.placed(), placements.teams(), this.#currentUsage(now)]);
    const devices = schedulableDevices(workers, phases);
    const measured = await placements.measured([...new Set(placed.flatMap(({ shape }) => shape ?? []))]);
    const context: Context = { now, hasGpu: hasGpuAmong(devices), measured };
    await this.#readWaiting(context);
    const running = placed.map((row) => runningRun(row, context));
    const lines = this.#lines.all();
    const state: State = { now, devices, running, lines, teams: teamsOf(teams, [...lines, ...running], usage, settings.price), promised: this.#promised() };
    const before = performance.now();
    const decisions = decide(state, settings);
    const decideMs = performance.now() - before;
    const handAgain = placed.filter((row) => row.state === 'queued' && row.placedAt.getTime() < now - HAND_AGAIN_MS);
    const { started, evicted } = await this.#carryOut(decisions, devices);
    await this.#hand([...started, ...handAgain.map(({ id, attempt, box }) => ({ runId: id, attempt: attempt + 1, box }))]);
    this.#options.onRound?.({ waiting: this.#known.size, started: started.length, evicted, decideMs });
  }

  async #currentUsage(now: number): Promise<Usage> {
    if (this.#usage === null || this.#usage.at < now - USAGE_MS) this.#usage = { value: await this.#options.usage(now), at: now };
    return this.#usage.value;
  }

  /** All that wait, or only those that there is news of. */
  async #readWaiting(context: Context): Promise<void> {
    const { placements } = this.#options;
    const isAll = context.now - this.#readAllAt >= READ_ALL_MS || context.hasGpu !== this.#hadGpu;
    const news = this.#news;
    if (!isAll && news.size === 0) return;
    this.#news = new Set();
    try {
      const rows = await placements.waiting(isAll ? undefined : [...news]);
      const measured = await placements.measured([...new Set(rows.flatMap(({ shape }) => shape ?? []))]);
      const found = new Set(rows.map(({ id }) => id));
      for (const id of isAll ? [...this.#known.keys()] : news) if (!found.has(id)) this.#drop(id);
      for (const row of rows) this.#put(row, { ...context, measured });
    } catch (error) {
      for (const id of news) this.#news.add(id);
      throw error;
    }
    if (isAll) this.#readAllAt = context.now;
    this.#hadGpu = context.hasGpu;
  }

  #put(row: WaitingRow, context: Context): void {
    const run = waitingRun(row, context);
    const known = this.#known.get(row.id);
    if (known !== undefined && isSame(known.run, run)) {
      known.row = row;
      return;
    }
    this.#drop(row.id);
    this.#known.set(row.id, { row, run });
    this.#lines.add(run);
  }

  #drop(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#known.delete(id);
    this.#lines.remove(known.run);
  }

  #promised(): WaitingRun[] {
    const promised: WaitingRun[] = [];
    for (const { row, run } of this.#known.values()) if (row.promisedAt !== null) promised.push(run);
    return promised;
  }

  async #carryOut(decisions: readonly Decision[], devices: readonly Device[]): Promise<{ started: { runId: string; attempt: number; box: string }[]; evicted: number }> {
    const { placements, owner } = this.#options;
    const byKey = new Map(devices.map((device) => [device.id, device]));
    const starts = decisions.flatMap((decision) => (decision.type === 'start' ? [this.#placement(decision, byKey)] : []));
    const evictions = decisions.flatMap((decision): Eviction[] => (decision.type === 'start' ? [] : [{ runId: decision.runId, why: decision.why, for: decision.type === 'preempt' ? decision.for : null }]));
    const { placed, evicted } = await placements.commit(owner, { placements: starts, evictions });
    // What was not placed has changed; what was has left the line.
    for (const { runId } of starts) {
      if (!placed.includes(runId)) this.#news.add(runId);
      this.#drop(runId);
    }
    for (const eviction of evictions) {
      const known = eviction.for === null ? undefined : this.#known.get(eviction.for);
      if (known !== undefined) known.row.promisedAt ??= new Date(this.#now());
    }
    if (evicted.length > 0) await this.#options.tell(evicted).catch((error: unknown) => this.#options.onError(error, 'telling runs to make room'));
    const accepted = new Set(placed);
    return { started: starts.filter(({ runId }) => accepted.has(runId)).map(({ runId, attempt, box }) => ({ runId, attempt: attempt + 1, box })), evicted: evicted.length };
  }

  #placement({ runId, devices, aged, lentBy }: Extract<Decision, { type: 'start' }>, byKey: ReadonlyMap<string, Device>): Placement {
    const { row, run } = this.#known.get(runId)!;
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

function isSame(a: WaitingRun, b: WaitingRun): boolean {
  return a.since === b.since && a.priority === b.priority && a.expectedMs === b.expectedMs && a.team === b.team && a.user === b.user
    && a.request.kind === b.request.kind && a.request.devices === b.request.devices && a.request.memoryMiB === b.request.memoryMiB && a.request.exclusive === b.request.exclusive;
}

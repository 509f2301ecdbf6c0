// A box in time-lapse: submissions go through a policy, runs take as long as they take, and what became of them is told.
// Deterministic, and without a clock: a week takes seconds.
import { Lines } from '../scheduler/lines.js';
import { holdingOf } from '../scheduler/room.js';
import { decayed } from '../scheduler/shares.js';
import type { Decision, Device, Request, RunningRun, State, Team, User, WaitingRun } from '../scheduler/state.js';
import { Heap } from './heap.js';

export interface Submission {
  id: string;
  team: string;
  user: string;
  priority: number;
  request: Request;
  at: number;
  durationMs: number;
  /** What is believed to be its duration. */
  expectedMs: number;
}

export interface SimulatedTeam {
  id: string;
  weight: number;
  maxRuns?: number;
  /** Device-milliseconds. */
  budgetPerDay?: number;
}

export interface Scene {
  devices: readonly Device[];
  teams: readonly SimulatedTeam[];
  /** In the order of time. */
  submissions: readonly Submission[];
  policy(state: State): readonly Decision[];
  halfLifeMs: number;
  /** From being told to make room until the devices are free. */
  leaveMs: number;
  /** The policy is asked at least so often while somebody waits. */
  tickMs: number;
  /** Nothing after it is looked at; everything when absent. */
  until?: number;
  /** Sees every state that the policy was asked about, and what it answered. */
  onDecision?(state: State, decisions: readonly Decision[]): void;
}

export interface Outcome {
  submission: Submission;
  firstStart: number | null;
  end: number | null;
  preemptions: number;
  /** All times in line. */
  waitedMs: number;
}

/** In device-milliseconds. */
export interface TeamResult {
  used: number;
  /** While runs of it waited: what it wanted, up to what its weight entitled it to among those who held or wanted something; and what it had of that. */
  due: number;
  got: number;
}

export interface Result {
  outcomes: Outcome[];
  teams: Map<string, TeamResult>;
  preemptions: number;
  /** Until when it was looked at. */
  endedAt: number;
}

interface Job extends Outcome {
  remainingMs: number;
  waiting: WaitingRun | null;
  running: RunningRun | null;
  /** Marks its coming end; another start makes it void. */
  attempt: number;
}

type Timed = { at: number; job: Job; attempt: number };

interface Account {
  usage: number;
  /** In devices. */
  holding: number;
}

interface TeamAccount extends Account {
  of: SimulatedTeam;
  users: Map<string, Account & { id: string; lastTurn: number | null }>;
  spentToday: number;
  /** What its runs in line would hold, in devices. */
  wanted: number;
  result: TeamResult;
}

const DAY_MS = 24 * 3600_000;
/** Sums of parts of devices differ from 0 in the last bits. */
const EPSILON = 1e-6;

export function simulate(scene: Scene): Result {
  return new Simulation(scene).play();
}

class Simulation {
  readonly #scene: Scene;
  readonly #jobs = new Map<string, Job>();
  readonly #lines = new Lines();
  readonly #running = new Map<string, Job>();
  readonly #teams: Map<string, TeamAccount>;
  readonly #devices: ReadonlyMap<string, Device>;
  readonly #events = new Heap<Timed>((a, b) => a.at < b.at);
  /** Ids of those for whom others make room. */
  readonly #promised = new Set<string>();
  #now = 0;
  #changedAt = 0;
  #preemptions = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#devices = new Map(scene.devices.map((device) => [device.id, device]));
    this.#teams = new Map(scene.teams.map((of) => [of.id, { of, usage: 0, holding: 0, users: new Map(), spentToday: 0, wanted: 0, result: { used: 0, due: 0, got: 0 } }]));
  }

  play(): Result {
    const { submissions, until = Infinity, tickMs } = this.#scene;
    let next = 0;
    for (;;) {
      const at = Math.min(submissions[next]?.at ?? Infinity, this.#events.peek()?.at ?? Infinity, this.#lines.length > 0 ? this.#now + tickMs : Infinity);
      if (at === Infinity || at > until) break;
      // Nobody comes, nothing runs, and a new day's budget has not helped: what waits can never start.
      if (next >= submissions.length && this.#running.size === 0 && at - this.#changedAt > 2 * DAY_MS) break;
      this.#elapse(at);
      for (; submissions[next] !== undefined && submissions[next]!.at <= at; next += 1) this.#submit(submissions[next]!);
      for (let event = this.#events.peek(); event !== undefined && event.at <= at; event = this.#events.peek()) {
        this.#events.pop();
        if (event.job.attempt === event.attempt) this.#leave(event.job);
      }
      this.#decide();
    }
    if (until !== Infinity) this.#elapse(until);
    const teams = new Map([...this.#teams].map(([id, { result }]) => [id, result]));
    for (const job of this.#jobs.values()) if (job.waiting !== null) job.waitedMs += this.#now - job.waiting.since;
    return { outcomes: [...this.#jobs.values()], teams, preemptions: this.#preemptions, endedAt: this.#now };
  }

  #elapse(to: number): void {
    const elapsedMs = to - this.#now;
    const { halfLifeMs } = this.#scene;
    if (elapsedMs <= 0) return;
    const isNewDay = Math.floor(to / DAY_MS) !== Math.floor(this.#now / DAY_MS);
    const age = (account: Account) => (account.usage = decayed(account.usage, { elapsedMs, halfLifeMs, holding: account.holding }));
    let weights = 0;
    for (const { of, holding, wanted } of this.#teams.values()) if (holding > 0 || wanted > 0) weights += of.weight;
    for (const team of this.#teams.values()) {
      age(team);
      for (const user of team.users.values()) age(user);
      team.result.used += team.holding * elapsedMs;
      if (team.wanted > EPSILON) {
        const due = Math.min((this.#devices.size * team.of.weight) / weights, team.holding + team.wanted);
        team.result.due += due * elapsedMs;
        team.result.got += Math.min(due, team.holding) * elapsedMs;
      }
      team.spentToday = isNewDay ? team.holding * (to % DAY_MS) : team.spentToday + team.holding * elapsedMs;
    }
    this.#now = to;
  }

  #submit(submission: Submission): void {
    const job: Job = { submission, firstStart: null, end: null, preemptions: 0, waitedMs: 0, remainingMs: submission.durationMs, waiting: null, running: null, attempt: 0 };
    this.#jobs.set(submission.id, job);
    const { users } = this.#teams.get(submission.team)!;
    if (!users.has(submission.user)) users.set(submission.user, { id: submission.user, usage: 0, holding: 0, lastTurn: null });
    this.#queue(job);
  }

  #queue(job: Job): void {
    const { id, team, user, priority, request } = job.submission;
    const done = job.submission.durationMs - job.remainingMs;
    job.waiting = { id, team, user, priority, request, since: this.#now, expectedMs: Math.max(0, job.submission.expectedMs - done) };
    this.#lines.add(job.waiting);
    this.#teams.get(team)!.wanted += this.#holdingOf(request);
  }

  #hold({ submission: { team, user } }: Job, devices: number): void {
    const account = this.#teams.get(team)!;
    for (const one of [account, account.users.get(user)!]) one.holding += devices;
  }

  /** As on the first device of the kind: those of a simulated box are alike. */
  #holdingOf(request: Request): number {
    const device = this.#scene.devices.find(({ kind }) => kind === request.kind);
    return device === undefined ? 0 : holdingOf(request, device);
  }

  #start(job: Job, { devices, aged, lentBy }: Extract<Decision, { type: 'start' }>): void {
    const { waiting, submission } = job;
    const { id, team, user, priority, request } = submission;
    if (waiting === null) throw new Error(`run ${id} is started and does not wait`);
    const account = this.#teams.get(team)!;
    this.#lines.remove(waiting);
    account.wanted -= this.#holdingOf(request);
    const now = this.#now;
    job.waiting = null;
    job.waitedMs += now - waiting.since;
    job.firstStart ??= now;
    job.attempt += 1;
    job.running = { id, team, user, priority, request, devices, startedAt: now, expectedEnd: now + waiting.expectedMs, endsBy: null, leaving: false, aged, lentBy };
    this.#promised.delete(id);
    this.#running.set(id, job);
    this.#hold(job, this.#holdingOf(request));
    if (aged) account.users.get(user)!.lastTurn = now;
    this.#events.push({ at: now + job.remainingMs, job, attempt: job.attempt });
  }

  /** It trains until it has written its state; its devices are free then. */
  #preempt(job: Job): void {
    const { running } = job;
    if (running === null || running.leaving) throw new Error(`run ${job.submission.id} is told to make room and does not run`);
    job.running = { ...running, leaving: true };
    const end = running.startedAt + job.remainingMs;
    const left = this.#now + this.#scene.leaveMs;
    if (left < end) this.#events.push({ at: left, job, attempt: job.attempt });
  }

  /** Its end, or that of its making room. */
  #leave(job: Job): void {
    const { running } = job;
    if (running === null) return;
    this.#hold(job, -this.#holdingOf(running.request));
    this.#running.delete(job.submission.id);
    job.remainingMs -= this.#now - running.startedAt;
    job.running = null;
    job.attempt += 1;
    if (job.remainingMs <= 0) {
      job.end = this.#now;
      return;
    }
    job.preemptions += 1;
    this.#preemptions += 1;
    this.#queue(job);
  }

  #decide(): void {
    const state = this.#state();
    const decisions = this.#scene.policy(state);
    this.#scene.onDecision?.(state, decisions);
    if (decisions.length > 0) this.#changedAt = this.#now;
    for (const decision of decisions) {
      const job = this.#jobs.get(decision.runId)!;
      // Nothing here has a limit of time, so that nobody is stopped.
      if (decision.type === 'start') this.#start(job, decision);
      else {
        this.#preempt(job);
        if (decision.type === 'preempt' && decision.for !== null) this.#promised.add(decision.for);
      }
    }
  }

  #state(): State {
    const teams = [...this.#teams.values()].map(({ of, usage, users, spentToday }): Team => ({
      id: of.id,
      weight: of.weight,
      usage,
      users: [...users.values()].map(({ id, usage, lastTurn }): User => ({ id, usage, lastTurn })),
      maxRuns: of.maxRuns ?? null,
      budget: of.budgetPerDay === undefined ? null : of.budgetPerDay - spentToday,
    }));
    const running = [...this.#running.values()].map((job) => job.running!);
    const promised = [...this.#promised].map((id) => this.#jobs.get(id)!.waiting!);
    return { now: this.#now, devices: this.#scene.devices, teams, running, lines: this.#lines.all(), promised };
  }
}

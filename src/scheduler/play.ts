// Runs on devices as time goes by: what is decided is done, runs take as long as they take, usage is counted and fades.
// The simulator plays whole weeks with it, the forecast what comes next. Deterministic, and without a clock: whoever
// plays says what time it is.
import { Heap } from './heap.js';
import { Lines } from './lines.js';
import { decayed } from './shares.js';
import type { Decision, Device, Line, Request, RunningRun, Settings, State, Team, User, WaitingRun } from './state.js';

export const DAY_MS = 24 * 3600_000;

/** The next midnight (UTC) after a time: every day's budget begins there. */
export const nextDay = (at: number): number => (Math.floor(at / DAY_MS) + 1) * DAY_MS;

export interface Job {
  id: string;
  /** How long it takes in all, and how long it is believed to. */
  durationMs: number;
  expectedMs: number;
  remainingMs: number;
  waiting: WaitingRun | null;
  running: RunningRun | null;
  /** What it holds while it runs, in devices. */
  holding: number;
  /** Its time was up: it does not come back. */
  isStopped: boolean;
  /** Marks its coming end; another start makes it void. */
  attempt: number;
  firstStart: number | null;
  end: number | null;
  preemptions: number;
  /** All times in line that are over. */
  waitedMs: number;
}

interface Account {
  /** Decayed device-milliseconds. */
  usage: number;
  /** In devices. */
  holding: number;
}

interface UserAccount extends Account {
  id: string;
  lastTurn: number | null;
}

export interface TeamAccount extends Account {
  /** As it was when the play began. */
  of: Team;
  users: Map<string, UserAccount>;
  /** Device-milliseconds since midnight. */
  spentToday: number;
}

export interface PlayOptions extends Pick<Settings, 'halfLifeMs' | 'leaveMs'> {
  now: number;
  devices: readonly Device[];
  teams: readonly Team[];
  policy(state: State): readonly Decision[];
  /** What a run holds, in devices. */
  holdingOf(request: Request, devices: readonly string[]): number;
  /** So much time has passed, in which nothing has changed. */
  onElapse?(elapsedMs: number): void;
  /** It is in line, or not any more. */
  onWait?(run: WaitingRun): void;
  onStart?(run: WaitingRun): void;
}

/** How long a run takes, from here or in all, and how long it is believed to. */
export type Length = Pick<Job, 'durationMs' | 'expectedMs'>;

/** Runs that wait as a play begins, by id, and how long each takes from here. */
export interface Resumed {
  runs: ReadonlyMap<string, WaitingRun>;
  durationOf(run: WaitingRun): number;
}

type Timed = { at: number; job: Job; attempt: number };

const accountOf = ({ id, usage, lastTurn }: User): UserAccount => ({ id, usage, holding: 0, lastTurn });

export class Play {
  readonly teams: ReadonlyMap<string, TeamAccount>;
  readonly #options: PlayOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #running = new Map<string, Job>();
  readonly #events = new Heap<Timed>((a, b) => a.at < b.at);
  /** Ids of those for whom others make room. */
  readonly #promised = new Set<string>();
  #lines = new Lines();
  #resumed: Resumed | null = null;
  #now: number;
  #changedAt: number;

  constructor(options: PlayOptions) {
    this.#options = options;
    this.#now = options.now;
    this.#changedAt = options.now;
    this.teams = new Map(options.teams.map((of) => [of.id, { of, usage: of.usage, holding: 0, users: new Map(of.users.map((user) => [user.id, accountOf(user)])), spentToday: of.spentToday }]));
  }

  get now(): number {
    return this.#now;
  }

  /** When something was decided last. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** When the next run ends or has left; Infinity where nothing runs. */
  get nextEventAt(): number {
    return this.#events.peek()?.at ?? Infinity;
  }

  get waitingCount(): number {
    return this.#lines.length;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /** A new run gets in line. */
  submit(run: Omit<WaitingRun, 'since' | 'place' | 'expectedMs'>, length: Length): Job {
    const job = this.#jobOf(run.id, length);
    this.#queue(job, run);
    return job;
  }

  /** Those that wait as the play begins. Of thousands a few are played, so that each is looked up in its turn. */
  resumeLines(lines: readonly Line[], resumed: Resumed): void {
    this.#lines = Lines.of(lines);
    this.#resumed = resumed;
  }

  /** One that runs as the play begins; its length is counted from its start. */
  resumeRunning(run: RunningRun, length: Length): void {
    const job = this.#jobOf(run.id, length);
    job.firstStart = run.startedAt;
    this.#run(job, run);
    if (run.leaving) this.#events.push({ at: this.#now + this.#options.leaveMs, job, attempt: job.attempt });
  }

  promise(runId: string): void {
    this.#promised.add(runId);
  }

  elapse(to: number): void {
    const elapsedMs = to - this.#now;
    const { halfLifeMs, onElapse } = this.#options;
    if (elapsedMs <= 0) return;
    onElapse?.(elapsedMs);
    const isNewDay = Math.floor(to / DAY_MS) !== Math.floor(this.#now / DAY_MS);
    const age = (account: Account) => (account.usage = decayed(account.usage, { elapsedMs, halfLifeMs, holding: account.holding }));
    for (const team of this.teams.values()) {
      age(team);
      for (const user of team.users.values()) age(user);
      team.spentToday = isNewDay ? team.holding * (to % DAY_MS) : team.spentToday + team.holding * elapsedMs;
    }
    this.#now = to;
  }

  /** Those leave whose time has come. */
  settle(): void {
    for (let event = this.#events.peek(); event !== undefined && event.at <= this.#now; event = this.#events.peek()) {
      this.#events.pop();
      if (event.job.attempt === event.attempt) this.#leave(event.job);
    }
  }

  /** Asks the policy, and does what it says. */
  decide(): { state: State; decisions: readonly Decision[] } {
    const state = this.#state();
    const decisions = this.#options.policy(state);
    if (decisions.length > 0) this.#changedAt = this.#now;
    for (const decision of decisions) {
      const job = this.#jobs.get(decision.runId) ?? this.#resume(decision.runId);
      if (decision.type === 'start') this.#start(job, decision);
      else {
        this.#preempt(job);
        if (decision.type === 'stop') job.isStopped = true;
        else if (decision.for !== null) this.#promised.add(decision.for);
      }
    }
    return { state, decisions };
  }

  #resume(runId: string): Job {
    const run = this.#resumed?.runs.get(runId);
    if (run === undefined) throw new Error(`run ${runId} is not known`);
    const job = this.#jobOf(runId, { durationMs: this.#resumed!.durationOf(run), expectedMs: run.expectedMs });
    job.waiting = run;
    return job;
  }

  #waitingOf(runId: string): WaitingRun | null {
    const job = this.#jobs.get(runId);
    return job === undefined ? (this.#resumed?.runs.get(runId) ?? null) : job.waiting;
  }

  #jobOf(id: string, { durationMs, expectedMs }: Length): Job {
    const job: Job = { id, durationMs, expectedMs, remainingMs: durationMs, waiting: null, running: null, holding: 0, isStopped: false, attempt: 0, firstStart: null, end: null, preemptions: 0, waitedMs: 0 };
    this.#jobs.set(id, job);
    return job;
  }

  #queue(job: Job, { id, team, user, priority, request, guessed }: Omit<WaitingRun, 'since' | 'place' | 'expectedMs'>): void {
    const done = job.durationMs - job.remainingMs;
    job.waiting = { id, team, user, priority, request, guessed, since: this.#now, place: this.#now, expectedMs: Math.max(0, job.expectedMs - done) };
    this.#lines.add(job.waiting);
    const account = this.teams.get(team);
    if (account !== undefined) this.#userOf(account, user);
    this.#options.onWait?.(job.waiting);
  }

  #userOf({ users }: TeamAccount, id: string): UserAccount {
    const found = users.get(id);
    if (found !== undefined) return found;
    const account = accountOf({ id, usage: 0, lastTurn: null });
    users.set(id, account);
    return account;
  }

  #hold({ team, user }: RunningRun, devices: number): void {
    const account = this.teams.get(team);
    if (account !== undefined) for (const one of [account, this.#userOf(account, user)]) one.holding += devices;
  }

  #run(job: Job, run: RunningRun): void {
    job.attempt += 1;
    job.running = run;
    job.holding = this.#options.holdingOf(run.request, run.devices);
    this.#running.set(job.id, job);
    this.#hold(run, job.holding);
    this.#events.push({ at: run.startedAt + job.remainingMs, job, attempt: job.attempt });
  }

  #start(job: Job, { devices, aged, lentBy }: Extract<Decision, { type: 'start' }>): void {
    const { waiting } = job;
    if (waiting === null) throw new Error(`run ${job.id} is started and does not wait`);
    const { id, team, user, priority, request, guessed } = waiting;
    const account = this.teams.get(team);
    this.#lines.remove(waiting);
    this.#options.onStart?.(waiting);
    const now = this.#now;
    job.waiting = null;
    job.waitedMs += now - waiting.since;
    job.firstStart ??= now;
    this.#promised.delete(id);
    this.#run(job, { id, team, user, priority, request, guessed, devices, startedAt: now, expectedEnd: now + waiting.expectedMs, endsBy: null, leaving: false, aged, lentBy });
    if (aged && account !== undefined) this.#userOf(account, user).lastTurn = now;
  }

  /** It trains until it has written its state; its devices are free then. */
  #preempt(job: Job): void {
    const { running } = job;
    if (running === null || running.leaving) throw new Error(`run ${job.id} is told to make room and does not run`);
    job.running = { ...running, leaving: true };
    const end = running.startedAt + job.remainingMs;
    const left = this.#now + this.#options.leaveMs;
    if (left < end) this.#events.push({ at: left, job, attempt: job.attempt });
  }

  /** Its end, or that of its making room. */
  #leave(job: Job): void {
    const { running } = job;
    if (running === null) return;
    this.#hold(running, -job.holding);
    this.#running.delete(job.id);
    job.remainingMs -= this.#now - running.startedAt;
    job.running = null;
    job.attempt += 1;
    if (job.remainingMs <= 0 || job.isStopped) {
      job.end = this.#now;
      return;
    }
    job.preemptions += 1;
    this.#queue(job, running);
  }

  #state(): State {
    const teams = [...this.teams.values()].map(({ of, usage, users, spentToday }): Team => ({
      ...of,
      usage,
      users: [...users.values()].map(({ id, usage, lastTurn }): User => ({ id, usage, lastTurn })),
      spentToday,
    }));
    const running = [...this.#running.values()].map((job) => job.running!);
    const promised = [...this.#promised].map((id) => this.#waitingOf(id)).filter((run) => run !== null);
    return { now: this.#now, devices: this.#options.devices, teams, running, lines: this.#lines.all(), promised };
  }
}

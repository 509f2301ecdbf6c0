// A box in time-lapse: submissions go through a policy, runs take as long as they take, and what became of them is told.
// Deterministic, and without a clock: a week takes seconds.
import { DAY_MS, Play, type Job } from '../scheduler/play.js';
import { holdingOf } from '../scheduler/room.js';
import type { Decision, Device, Request, Settings, State, Storage, WaitingRun } from '../scheduler/state.js';

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
  storage?: Storage;
}

export interface Scene extends Pick<Settings, 'halfLifeMs' | 'leaveMs'> {
  devices: readonly Device[];
  teams: readonly SimulatedTeam[];
  /** In the order of time. */
  submissions: readonly Submission[];
  policy(state: State): readonly Decision[];
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

/** Sums of parts of devices differ from 0 in the last bits. */
const EPSILON = 1e-6;

export function simulate(scene: Scene): Result {
  return new Simulation(scene).run();
}

class Simulation {
  readonly #scene: Scene;
  readonly #play: Play;
  readonly #jobs: { submission: Submission; job: Job }[] = [];
  readonly #results: Map<string, TeamResult>;
  /** What each team's runs in line would hold, in devices. */
  readonly #wanted: Map<string, number>;

  constructor(scene: Scene) {
    const { devices, halfLifeMs, leaveMs } = scene;
    this.#scene = scene;
    this.#results = new Map(scene.teams.map(({ id }) => [id, { used: 0, due: 0, got: 0 }]));
    this.#wanted = new Map(scene.teams.map(({ id }) => [id, 0]));
    const want = ({ team, request }: WaitingRun, sign: 1 | -1) => this.#wanted.set(team, this.#wanted.get(team)! + sign * this.#holdingOf(request));
    this.#play = new Play({
      now: 0,
      devices,
      teams: scene.teams.map(({ id, weight, maxRuns = null, budgetPerDay = null, storage = null }) => ({ id, weight, maxRuns, budgetPerDay, storage, spentToday: 0, usage: 0, users: [] })),
      policy: (state) => this.#decisionsOf(state),
      halfLifeMs,
      leaveMs,
      holdingOf: (request) => this.#holdingOf(request),
      onElapse: (elapsedMs) => this.#count(elapsedMs),
      onWait: (run) => want(run, 1),
      onStart: (run) => want(run, -1),
    });
  }

  run(): Result {
    const { submissions, until = Infinity, tickMs } = this.#scene;
    const play = this.#play;
    let next = 0;
    for (;;) {
      const at = Math.min(submissions[next]?.at ?? Infinity, play.nextEventAt, play.waitingCount > 0 ? play.now + tickMs : Infinity);
      if (at === Infinity || at > until) break;
      // Nobody comes, nothing runs, and a new day's budget has not helped: what waits can never start.
      if (next >= submissions.length && play.runningCount === 0 && at - play.changedAt > 2 * DAY_MS) break;
      play.elapse(at);
      for (; submissions[next] !== undefined && submissions[next]!.at <= at; next += 1) this.#submit(submissions[next]!);
      play.settle();
      play.decide();
    }
    if (until !== Infinity) play.elapse(until);
    return { outcomes: this.#jobs.map((one) => this.#outcomeOf(one)), teams: this.#results, preemptions: this.#jobs.reduce((sum, { job }) => sum + job.preemptions, 0), endedAt: play.now };
  }

  #submit(submission: Submission): void {
    const { id, team, user, priority, request, durationMs, expectedMs } = submission;
    this.#jobs.push({ submission, job: this.#play.submit({ id, team, user, priority, request, guessed: false }, { durationMs, expectedMs }) });
  }

  #decisionsOf(state: State): readonly Decision[] {
    const decisions = this.#scene.policy(state);
    this.#scene.onDecision?.(state, decisions);
    return decisions;
  }

  #count(elapsedMs: number): void {
    const teams = [...this.#play.teams.values()].map(({ of, holding }) => ({ of, holding, wanted: this.#wanted.get(of.id)! }));
    let weights = 0;
    for (const { of, holding, wanted } of teams) if (holding > 0 || wanted > 0) weights += of.weight;
    for (const { of, holding, wanted } of teams) {
      const result = this.#results.get(of.id)!;
      result.used += holding * elapsedMs;
      if (wanted <= EPSILON) continue;
      const due = Math.min((this.#scene.devices.length * of.weight) / weights, holding + wanted);
      result.due += due * elapsedMs;
      result.got += Math.min(due, holding) * elapsedMs;
    }
  }

  /** As on the first device of the kind: those of a simulated box are alike. */
  #holdingOf(request: Request): number {
    const device = this.#scene.devices.find(({ kind }) => kind === request.kind);
    return device === undefined ? 0 : holdingOf(request, device);
  }

  #outcomeOf({ submission, job: { waiting, waitedMs, firstStart, end, preemptions } }: { submission: Submission; job: Job }): Outcome {
    return { submission, firstStart, end, preemptions, waitedMs: waitedMs + (waiting === null ? 0 : this.#play.now - waiting.since) };
  }
}

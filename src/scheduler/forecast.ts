// When those that wait are likely to start: the policy is played forward from how things stand, three times, as if runs
// were shorter than expected, as expected, and longer. What nobody has submitted yet is not foreseen, nor that somebody
// cancels or a box breaks. Pure and deterministic.
import { decide, endOf } from './decide.js';
import { nextMoment } from './moments.js';
import { DAY_MS, Play } from './play.js';
import { holdingOf, Room } from './room.js';
import type { Request, Settings, State, WaitingRun } from './state.js';

export interface ForecastOptions {
  /** Those that are asked about; all that wait when absent. The plays end when they have started. */
  runIds?: readonly string[];
  /** The scheduler looks at least so often while somebody waits. By default as often as it does at first, then less. */
  tickMs?: number;
  /** Nothing is looked at for so long at most when nothing happens. With `tickMs` a play takes every tick. */
  restMs?: number;
  /** Rounds of decisions in each of the three plays, at most: this bounds the work. By default fewer, the more there is to look at in each. */
  maxRounds?: number;
  /** Nothing later than so long from now is looked at. */
  horizonMs?: number;
  /** What every run takes of its expected time in the short play, above 0 and at most 1; and in the long one, at least 1. */
  shortFactor?: number;
  longFactor?: number;
}

/**
 * The expected time of a run comes from its steps so far and from like runs before it: that is off by a third to one
 * side and two thirds to the other in a usual week (as the simulator has it), and somewhat more is allowed for. In that week, five in six runs start within the interval if nobody comes.
 */
const DEFAULTS = { restMs: 15 * 60_000, horizonMs: 14 * DAY_MS, shortFactor: 0.6, longFactor: 1.8 };
/** Where the time is a guess, the factors are taken to this power: an order of magnitude either way. */
const GUESS_POWER = 4;
/** By default a play looks as often as the scheduler does at first, and the less often the farther it is: nobody asks for seconds of tomorrow. */
const [LEAST_TICK_MS, MOST_TICK_MS, TICK_PART] = [1_000, 60_000, 1 / 60];

/** A round looks at each user's line and at each run on a device; all together these are looked at so often in a play. */
const DEFAULT_WORK = 10_000;
const [FEWEST_ROUNDS, MOST_ROUNDS] = [40, 400];

function roundsFor({ lines, running }: State): number {
  return Math.max(FEWEST_ROUNDS, Math.min(MOST_ROUNDS, Math.floor(DEFAULT_WORK / (1 + lines.length + running.length))));
}

/** Times in milliseconds since the epoch; `earliest <= startAt <= latest` where they are told. */
export interface ForecastStart {
  runId: string;
  /** When it starts if everything takes as long as expected; null where that is too far off, or never. */
  startAt: number | null;
  earliest: number | null;
  /** If nobody submits more: on a busy box others come who have used less, and go first. Null where nobody can say. */
  latest: number | null;
}

export interface Forecast {
  /** The next to start first; those of whom nothing is known last. */
  starts: ForecastStart[];
  /** Of all three plays: what it cost. */
  rounds: number;
}

/** How a play ended: the first start of each run that is asked about, and what it cost. */
interface Played {
  startAt: Map<string, number>;
  rounds: number;
}

export function forecast(state: State, settings: Settings, options: ForecastOptions = {}): Forecast {
  const { shortFactor, longFactor } = { ...DEFAULTS, ...options };
  if (!(shortFactor > 0 && shortFactor <= 1) || !(longFactor >= 1)) throw new RangeError('a short play is shorter than expected, a long one longer');
  const runs = new Map(state.lines.flatMap((line) => line.runs.map((run) => [run.id, run] as const)));
  const asked = options.runIds === undefined ? [...runs.values()] : options.runIds.map((id) => runs.get(id)).filter((run) => run !== undefined);
  const room = new Room(state.devices);
  const possible = asked.filter(({ request }) => room.couldEver(request)).map(({ id }) => id);
  const [short, usual, long] = [shortFactor, 1, longFactor].map((factor) => play(state, { settings, options, runs, sought: new Set(possible), factor })) as [Played, Played, Played];
  const starts = asked.map(({ id }): ForecastStart => {
    const times = [short, usual, long].map(({ startAt }) => startAt.get(id) ?? null);
    const known = times.filter((at) => at !== null);
    // A run may start later because others end sooner, so that the ends of the interval are looked for in all three.
    return { runId: id, startAt: times[1]!, earliest: known.length === 0 ? null : Math.min(...known), latest: times[1] === null || times[2] === null ? null : Math.max(...known) };
  });
  const far = ({ startAt, earliest }: ForecastStart) => startAt ?? (earliest === null ? Infinity : Number.MAX_VALUE);
  starts.sort((a, b) => (far(a) < far(b) ? -1 : Number(far(a) > far(b))));
  return { starts, rounds: short.rounds + usual.rounds + long.rounds };
}

interface PlayForward {
  settings: Settings;
  options: ForecastOptions;
  /** All that wait. */
  runs: ReadonlyMap<string, WaitingRun>;
  /** Emptied as they start. */
  sought: Set<string>;
  factor: number;
}

function play(state: State, { settings, options, runs, sought, factor }: PlayForward): Played {
  const { restMs, maxRounds, horizonMs } = { ...DEFAULTS, maxRounds: roundsFor(state), ...options };
  const until = state.now + horizonMs;
  const startAt = new Map<string, number>();
  const box = resumed(state, { settings, runs, factor });
  const moments = { ...settings, holdingOf: (team: string) => box.teams.get(team)?.holding ?? 0 };
  const hasBudgets = state.teams.some(({ budgetPerDay }) => budgetPerDay !== null);
  let rounds = 0;
  while (sought.size > 0 && rounds < maxRounds) {
    const { state: before, decisions } = box.decide();
    rounds += 1;
    for (const decision of decisions) if (decision.type === 'start' && sought.delete(decision.runId)) startAt.set(decision.runId, box.now);
    const isQuiet = decisions.length === 0;
    // Nobody leaves and nothing begins: what waits waits for a new day's budget, or for ever.
    if (isQuiet && box.runningCount === 0 && (!hasBudgets || box.now - box.changedAt > 2 * DAY_MS)) break;
    const tickMs = options.tickMs ?? Math.max(LEAST_TICK_MS, Math.min(MOST_TICK_MS, TICK_PART * (box.now - state.now)));
    const look = isQuiet ? Math.min(nextMoment(before, moments), box.now + restMs) : box.now + tickMs;
    const at = Math.min(box.nextEventAt, box.now + Math.max(1, Math.ceil((look - box.now) / tickMs)) * tickMs);
    if (at > until) break;
    box.elapse(at);
    box.settle();
  }
  return { startAt, rounds };
}

/** The box as it stands; everything takes `factor` of the time that it is believed to take. */
function resumed(state: State, { settings, runs, factor }: Omit<PlayForward, 'sought' | 'options'>): Play {
  const { now, devices, teams, running, lines, promised } = state;
  const byId = new Map(devices.map((device) => [device.id, device]));
  const holds = (request: Request, on: readonly string[]) => {
    const device = byId.get(on[0]!);
    return (device === undefined ? request.devices : holdingOf(request, device)) * settings.price[request.kind];
  };
  const box = new Play({
    now,
    devices,
    teams,
    policy: (state) => decide(state, settings),
    halfLifeMs: settings.halfLifeMs,
    leaveMs: settings.leaveMs,
    holdingOf: holds,
  });
  const factorOf = ({ guessed }: { guessed: boolean }) => (guessed ? factor ** GUESS_POWER : factor);
  box.resumeLines(lines, { runs, durationOf: (run) => Math.ceil(factorOf(run) * run.expectedMs) });
  for (const run of running) {
    const done = now - run.startedAt;
    const left = endOf(run, now) - now;
    box.resumeRunning(run, { durationMs: done + Math.ceil(factorOf(run) * left), expectedMs: done + left });
  }
  for (const { id } of promised) box.promise(id);
  return box;
}

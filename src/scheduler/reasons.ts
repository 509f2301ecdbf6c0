// Why a run waits: one reason, the one that would hold longest, in a type for programs and a sentence for people. Of
// other teams it tells how many, never who.
import { decide, decideAndKeep, type Kept } from './decide.js';
import { impossibilityOf, obstacleOf, type Impossible, type Occupied } from './obstacles.js';
import { nextDay } from './play.js';
import { Room } from './room.js';
import { Shares } from './shares.js';
import { isFull, isSpent, type Decision, type Request, type Settings, type State, type WaitingRun } from './state.js';
import { countOf, devicesInWords, memoryInWords, storageInWords } from './words.js';

export type Cause =
  | Impossible
  | Occupied
  /** Its team has as many runs at once as it may have. */
  | { type: 'quota_runs'; running: number; maxRuns: number }
  /** Today's device time of its team is spent; there is more at `until`, milliseconds since the epoch. */
  | { type: 'quota_time'; until: number }
  /** The stored files of its team take as much as they may. */
  | { type: 'quota_storage'; bytes: number; limitBytes: number }
  /** Devices are becoming free for it: so many runs are still leaving. */
  | { type: 'making_room'; leaving: number }
  /** Runs of its own team take the room: those that go first, and whether all are of the same user. */
  | { type: 'behind'; runIds: readonly string[]; isSameUser: boolean }
  /** There is room, and it is kept for a run that goes first; with its id where that is of the same team. */
  | { type: 'kept'; for: string | null; devices: number; kind: Request['kind'] }
  /** Other teams take the room. What its team holds and what its share is now, in devices. */
  | { type: 'share'; kind: Request['kind']; holds: number; entitled: number; others: number }
  /** The next round of decisions starts it. */
  | { type: 'starting' };

export type Reason = Cause & { words: string };

/** Runs that are named in a sentence, at most. */
const NAMED = 3;

/** For as many runs of one state as are asked about; `decide` is called once, and once more for each team that room is left for. */
export class Reasons {
  readonly #state: State;
  readonly #settings: Settings;
  readonly #waiting: ReadonlyMap<string, WaitingRun>;
  readonly #decisions: readonly Decision[];
  readonly #kept: readonly Kept[];
  readonly #started: ReadonlySet<string>;
  /** What is free when all have started that start now. */
  readonly #left: Room;
  /** Ids of the runs that a team would start, or keep devices for, if no other team waited; else of those promised to it, which count in its quota. */
  readonly #ofTeam = new Map<string, ReadonlySet<string>>();

  constructor(state: State, settings: Settings) {
    this.#state = state;
    this.#settings = settings;
    this.#waiting = new Map(state.lines.flatMap(({ runs }) => runs.map((run) => [run.id, run])));
    const { decisions, kept } = decideAndKeep(state, settings);
    this.#decisions = decisions;
    this.#kept = kept;
    this.#left = new Room(state.devices, state.running);
    const started = startsOf(decisions);
    for (const { runId, devices } of started) this.#left.take({ request: this.#waiting.get(runId)!.request, devices });
    this.#started = new Set(started.map(({ runId }) => runId));
  }

  /** Null where no such run waits. */
  of(runId: string): Reason | null {
    const run = this.#waiting.get(runId);
    if (run === undefined) return null;
    const cause = this.#causeOf(run);
    return { ...cause, words: wordsOf(cause) };
  }

  #causeOf(run: WaitingRun): Cause {
    if (this.#started.has(run.id)) return { type: 'starting' };
    return impossibilityOf(run.request, this.#state.devices) ?? this.#quotaOf(run) ?? this.#makingRoomFor(run) ?? obstacleOf(run.request, this.#state) ?? this.#turnOf(run);
  }

  #quotaOf({ id, team }: WaitingRun): Cause | null {
    const { teams, running, promised, now } = this.#state;
    const { maxRuns = 0, budgetPerDay = null, spentToday = 0, storage = null } = teams.find((one) => one.id === team) ?? {};
    // Tomorrow comes by itself.
    if (storage !== null && isFull({ storage })) return { type: 'quota_storage', ...storage };
    if (isSpent({ budgetPerDay, spentToday })) return { type: 'quota_time', until: nextDay(now) };
    // What was promised is counted already.
    if (promised.some((run) => run.id === id)) return null;
    const count = running.filter((run) => run.team === team).length;
    return maxRuns !== null && count >= maxRuns ? { type: 'quota_runs', running: count, maxRuns } : null;
  }

  #makingRoomFor({ id, request }: WaitingRun): Cause | null {
    const { running, promised } = this.#state;
    const isPromised = promised.some((run) => run.id === id) || this.#decisions.some((decision) => decision.type === 'preempt' && decision.for === id);
    const kept = this.#kept.find(({ runId }) => runId === id);
    if (!isPromised && kept === undefined) return null;
    const told = new Set(this.#decisions.filter(({ type }) => type !== 'start').map(({ runId }) => runId));
    const leaving = running.filter((run) => (run.leaving || told.has(run.id)) && run.request.kind === request.kind && (kept === undefined || run.devices.some((device) => kept.devices.includes(device))));
    if (leaving.length === 0) return null;
    // Some may leave by chance where it waits for others to end: their leaving has to be enough.
    const room = this.#left.copy();
    for (const one of leaving) room.release(one);
    return room.place(request) === null ? null : { type: 'making_room', leaving: leaving.length };
  }

  /** There would be room for it now: who goes first? */
  #turnOf(run: WaitingRun): Cause {
    const { team, user, request } = run;
    const own = this.#firstOf(team);
    const behind = (runIds: readonly string[]): Cause => ({ type: 'behind', runIds, isSameUser: runIds.every((id) => this.#waiting.get(id)!.user === user) });
    if (!own.has(run.id)) return behind([...own]);
    if (this.#left.place(request) !== null) {
      const kept = this.#kept.filter((one) => one.request.kind === request.kind);
      const ofTeam = kept.find(({ runId }) => this.#waiting.get(runId)?.team === team);
      return { type: 'kept', for: ofTeam?.runId ?? null, devices: new Set(kept.flatMap(({ devices }) => devices)).size, kind: request.kind };
    }
    const ownStarted = [...this.#started].filter((id) => this.#waiting.get(id)!.team === team);
    const others = [...this.#started].filter((id) => this.#waiting.get(id)!.team !== team && this.#waiting.get(id)!.request.kind === request.kind).length;
    if (others === 0) return behind(ownStarted);
    const room = new Room(this.#state.devices);
    const shares = new Shares(this.#state, { ...this.#settings, isPossible: (one) => room.couldEver(one) });
    return { type: 'share', kind: request.kind, holds: shares.holds(team, request.kind), entitled: shares.entitled(team, request.kind), others };
  }

  #firstOf(team: string): ReadonlySet<string> {
    const known = this.#ofTeam.get(team);
    if (known !== undefined) return known;
    const { lines, promised } = this.#state;
    const alone = { ...this.#state, lines: lines.filter((line) => line.team === team), promised: promised.filter((run) => run.team === team) };
    const { decisions, kept } = decideAndKeep(alone, this.#settings);
    const ids = [...startsOf(decisions), ...kept].map(({ runId }) => runId);
    const first = new Set(ids.length > 0 ? ids : alone.promised.map(({ id }) => id));
    this.#ofTeam.set(team, first);
    return first;
  }
}

/** Whether a round starts the run. */
export const isStarted = (state: State, settings: Settings, runId: string): boolean => startsOf(decide(state, settings)).some((start) => start.runId === runId);

const startsOf = (decisions: readonly Decision[]) => decisions.filter((decision) => decision.type === 'start');

const dayAndTime = (at: number) => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function named(runIds: readonly string[]): string {
  const more = runIds.length - NAMED;
  return more > 0 ? `${runIds.slice(0, NAMED).join(', ')} and ${more} more` : runIds.join(' and ');
}

export function wordsOf(cause: Cause): string {
  const name = 'kind' in cause ? cause.kind.toUpperCase() : '';
  switch (cause.type) {
    case 'no_box':
      return `There is no box with a ${name}.`;
    case 'too_large':
      return cause.what === 'memory'
        ? `It needs ${memoryInWords(cause.neededMiB)} on one ${name}; the largest has ${memoryInWords(cause.largestMiB, Math.floor)} even when it is empty.`
        : `It needs ${devicesInWords(cause.needed, cause.kind)} with ${memoryInWords(cause.memoryMiB)} each in one box; the largest box has ${cause.most}.`;
    case 'cordoned':
      return `It fits only where no new runs are taken now: ${devicesInWords(cause.devices, cause.kind)} that somebody has set aside.`;
    case 'memory':
      return `${memoryInWords(cause.missingMiB)} of memory are missing on the ${name} with the most room.`;
    case 'slots':
      return `Every ${name} that is large enough has as many runs as it takes at once (${cause.runs} or more).`;
    case 'exclusive':
      return cause.by === 'asked'
        ? `It asks for a ${name} of its own, and each that is large enough has ${countOf(cause.runs, 'run')} or more on it.`
        : `Each ${name} that is large enough is taken by a run that shares it with nobody.`;
    case 'gpus':
      return `It needs ${devicesInWords(cause.needed, cause.kind)} in one box; ${cause.free === 0 ? 'none is free' : `at most ${cause.free} of them are free at once`}.`;
    case 'quota_runs':
      return `Its team has ${countOf(cause.running, 'run')} at once, and may have ${cause.maxRuns}.`;
    case 'quota_time':
      return `Its team has used up today's device time; there is more at ${dayAndTime(cause.until)}.`;
    case 'quota_storage':
      return `Its team's files take ${storageInWords(cause.bytes)}, and may take ${storageInWords(cause.limitBytes, Math.floor)}; some must be deleted first.`;
    case 'making_room':
      return `${countOf(cause.leaving, 'run')} ${cause.leaving === 1 ? 'is' : 'are'} making room for it and ${cause.leaving === 1 ? 'has' : 'have'} not left yet.`;
    case 'behind':
      return `${countOf(cause.runIds.length, 'run')} of its own ${cause.isSameUser ? 'user' : 'team'} ${cause.runIds.length === 1 ? 'goes' : 'go'} first: ${named(cause.runIds)}.`;
    case 'kept':
      return cause.for === null
        ? `There is room, but ${devicesInWords(cause.devices, cause.kind)} ${cause.devices === 1 ? 'is' : 'are'} kept for a run of another team that goes first.`
        : `There is room, but ${devicesInWords(cause.devices, cause.kind)} ${cause.devices === 1 ? 'is' : 'are'} kept for ${cause.for} of its own team, which goes first.`;
    case 'share':
      return `Its team has ${cause.holds.toFixed(1)} ${name}s, and its share is ${cause.entitled.toFixed(1)} now; ${countOf(cause.others, 'run')} of other teams, which have had less or have waited too long, ${cause.others === 1 ? 'goes' : 'go'} first.`;
    case 'starting':
      return 'Nothing stands in its way: it starts in a moment.';
  }
}

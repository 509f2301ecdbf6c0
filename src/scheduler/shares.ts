// How much of the box each team and each user has, had, and may have.
import { DEVICE_KINDS, type DeviceKind } from '../schemas/device-kind.js';
import { needsOf } from './lines.js';
import { holdingOf } from './room.js';
import { isFull, isSpent, type Device, type Line, type Request, type RunningRun, type Settings, type State, type Team, type User, type WaitingRun } from './state.js';

/** Usage fades: what was used a half-life ago counts half. What is held, in devices, is used all the while. */
export function decayed(usage: number, { elapsedMs, halfLifeMs, holding = 0 }: { elapsedMs: number; halfLifeMs: number; holding?: number }): number {
  const rate = Math.LN2 / halfLifeMs;
  const left = Math.exp(-rate * elapsedMs);
  return usage * left + (holding * (1 - left)) / rate;
}

interface Account {
  of: Team;
  /** In devices, now; those of a kind by its price. */
  holding: number;
  byKind: Record<DeviceKind, number>;
  runs: number;
  /** The same as `holding`, of those users who hold something. */
  users: Map<string, number>;
}

export interface SharesOptions extends Pick<Settings, 'quantumMs' | 'price'> {
  /** Whether a request fits anywhere at all: what does not is no claim to a share. */
  isPossible(request: Request): boolean;
}

type Member = Pick<RunningRun, 'team' | 'user' | 'request'>;

export class Shares {
  readonly #teams: Map<string, Account>;
  readonly #devices: ReadonlyMap<string, Device>;
  readonly #largest: Record<DeviceKind, Device | null> = { gpu: null, cpu: null };
  readonly #capacity: Record<DeviceKind, number> = { gpu: 0, cpu: 0 };
  /** Of the teams that hold or want devices of the kind. */
  readonly #activeWeight: Record<DeviceKind, number> = { gpu: 0, cpu: 0 };
  readonly #options: SharesOptions;

  constructor({ devices, teams, running, lines }: Pick<State, 'devices' | 'teams' | 'running' | 'lines'>, options: SharesOptions) {
    this.#options = options;
    this.#devices = new Map(devices.map((device) => [device.id, device]));
    for (const device of devices) {
      if (device.phase !== 'open') continue;
      this.#capacity[device.kind] += 1;
      const largest = this.#largest[device.kind];
      if (largest === null || device.memoryMiB > largest.memoryMiB) this.#largest[device.kind] = device;
    }
    this.#teams = new Map(teams.map((of) => [of.id, { of, holding: 0, byKind: { gpu: 0, cpu: 0 }, runs: 0, users: new Map() }]));
    for (const run of running) this.take(run);
    for (const kind of DEVICE_KINDS) this.#activeWeight[kind] = this.#weightOf(kind, lines);
  }

  #weightOf(kind: DeviceKind, lines: readonly Line[]): number {
    const wants = (line: Line) => this.quotaOf(line.team) === null && needsOf(line).least.some(({ request }) => request.kind === kind && this.#options.isPossible(request));
    const wanting = new Set<string>();
    for (const line of lines) if (!wanting.has(line.team) && wants(line)) wanting.add(line.team);
    let weight = 0;
    for (const [id, { of, byKind }] of this.#teams) if (byKind[kind] > 0 || wanting.has(id)) weight += of.weight;
    return weight;
  }

  /** What a run holds, in devices, or would hold where it has none yet. */
  holdingOf(request: Request, devices: readonly string[] = []): number {
    const device = this.#devices.get(devices[0] ?? '') ?? this.#largest[request.kind];
    return device == null ? request.devices : holdingOf(request, device);
  }

  take({ team, user, request, devices }: Member & { devices: readonly string[] }): void {
    const account = this.#teams.get(team);
    if (account === undefined) return;
    const holding = this.holdingOf(request, devices);
    account.runs += 1;
    account.byKind[request.kind] += holding;
    const counted = holding * this.#options.price[request.kind];
    account.holding += counted;
    account.users.set(user, (account.users.get(user) ?? 0) + counted);
  }

  /** A run that is about to start counts against its team's quota, so that others of the team do not take its place. */
  reserve({ team }: Pick<WaitingRun, 'team'>): void {
    const account = this.#teams.get(team);
    if (account !== undefined) account.runs += 1;
  }

  /** It starts now. */
  redeem({ team }: Pick<WaitingRun, 'team'>): void {
    const account = this.#teams.get(team);
    if (account !== undefined) account.runs -= 1;
  }

  #userOf({ team, user }: Pick<Line, 'team' | 'user'>): User | undefined {
    return this.#teams.get(team)?.of.users.find(({ id }) => id === user);
  }

  holds(team: string, kind: DeviceKind): number {
    return this.#teams.get(team)?.byKind[kind] ?? 0;
  }

  /** Devices that are its own, for as long as all who are active want theirs. */
  entitled(team: string, kind: DeviceKind): number {
    const weight = this.#teams.get(team)?.of.weight ?? 0;
    return this.#activeWeight[kind] === 0 ? 0 : (this.#capacity[kind] * weight) / this.#activeWeight[kind];
  }

  /** What it has used, by its weight; the least is served next. */
  used(team: string): number {
    const account = this.#teams.get(team);
    return account === undefined ? Infinity : account.of.usage / account.of.weight;
  }

  /** The same, with what it holds counted ahead, so that one who has used little does not take everything at once. */
  pull(team: string): number {
    const account = this.#teams.get(team);
    return account === undefined ? Infinity : (account.of.usage + account.holding * this.#options.quantumMs) / account.of.weight;
  }

  /** The same of a user, among those of the team. */
  pullOf(line: Pick<Line, 'team' | 'user'>): number {
    const holding = this.#teams.get(line.team)?.users.get(line.user) ?? 0;
    return (this.#userOf(line)?.usage ?? 0) + holding * this.#options.quantumMs;
  }

  lastTurnOf(line: Pick<Line, 'team' | 'user'>): number | null {
    return this.#userOf(line)?.lastTurn ?? null;
  }

  /** Why nothing of the team may start now; null when something may. What is spent is so whichever runs end. */
  quotaOf(team: string): 'runs' | 'spent' | null {
    const account = this.#teams.get(team);
    if (account === undefined) return 'runs';
    if (isFull(account.of) || isSpent(account.of)) return 'spent';
    return account.of.maxRuns !== null && account.runs >= account.of.maxRuns ? 'runs' : null;
  }
}

// How much of the box each team and each user has, had, and may have.
import { holdingOf } from './room.js';
import type { Device, DeviceKind, Line, Request, RunningRun, State, Team, User } from './state.js';

/** Usage fades: what was used a half-life ago counts half. `heldMs` of use are spread over the time that passed. */
export function decayed(usage: number, { elapsedMs, halfLifeMs, holding = 0 }: { elapsedMs: number; halfLifeMs: number; holding?: number }): number {
  const rate = Math.LN2 / halfLifeMs;
  const left = Math.exp(-rate * elapsedMs);
  return usage * left + (holding * (1 - left)) / rate;
}

interface Account<T> {
  of: T;
  /** In devices, now. */
  holding: number;
  byKind: Record<DeviceKind, number>;
  runs: number;
}

const open = <T>(of: T): Account<T> => ({ of, holding: 0, byKind: { gpu: 0, cpu: 0 }, runs: 0 });

export class Shares {
  readonly #teams: Map<string, Account<Team>>;
  readonly #users = new Map<string, Map<string, Account<User>>>();
  readonly #devices: ReadonlyMap<string, Device>;
  readonly #largest: Record<DeviceKind, Device | null> = { gpu: null, cpu: null };
  readonly #capacity: Record<DeviceKind, number> = { gpu: 0, cpu: 0 };
  readonly #activeWeight: number;
  readonly #quantumMs: number;

  constructor({ devices, teams, running, lines }: Pick<State, 'devices' | 'teams' | 'running' | 'lines'>, { quantumMs }: { quantumMs: number }) {
    this.#quantumMs = quantumMs;
    this.#devices = new Map(devices.map((device) => [device.id, device]));
    for (const device of devices) {
      if (device.phase !== 'open') continue;
      this.#capacity[device.kind] += 1;
      const largest = this.#largest[device.kind];
      if (largest === null || device.memoryMiB > largest.memoryMiB) this.#largest[device.kind] = device;
    }
    this.#teams = new Map(teams.map((team) => [team.id, open(team)]));
    for (const team of teams) this.#users.set(team.id, new Map(team.users.map((user) => [user.id, open(user)])));
    for (const run of running) this.take(run);
    const wanting = lines.filter(({ team }) => this.quotaOf(team) === null);
    const active = new Set([...running, ...wanting].map(({ team }) => team));
    this.#activeWeight = teams.reduce((sum, { id, weight }) => sum + (active.has(id) ? weight : 0), 0);
  }

  /** What a run holds, or would hold where it has no devices yet. */
  holdingOf(request: Request, devices: readonly string[] = []): number {
    const device = this.#devices.get(devices[0] ?? '') ?? this.#largest[request.kind];
    return device == null ? request.devices : holdingOf(request, device);
  }

  take(run: Pick<RunningRun, 'team' | 'user' | 'request' | 'devices'>): void {
    this.#change(run, 1);
  }

  release(run: Pick<RunningRun, 'team' | 'user' | 'request' | 'devices'>): void {
    this.#change(run, -1);
  }

  #change({ team, user, request, devices }: Pick<RunningRun, 'team' | 'user' | 'request' | 'devices'>, sign: 1 | -1): void {
    const holding = sign * this.holdingOf(request, devices);
    for (const account of [this.#teams.get(team), this.#users.get(team)?.get(user)]) {
      if (account === undefined) continue;
      account.holding += holding;
      account.byKind[request.kind] += holding;
      account.runs += sign;
    }
  }

  holds(team: string, kind: DeviceKind): number {
    return this.#teams.get(team)?.byKind[kind] ?? 0;
  }

  /** Devices that are its own, for as long as all who are active want theirs. */
  entitled(team: string, kind: DeviceKind): number {
    const weight = this.#teams.get(team)?.of.weight ?? 0;
    return this.#activeWeight === 0 ? 0 : (this.#capacity[kind] * weight) / this.#activeWeight;
  }

  /** What it has used, by its weight; the least is served next. */
  used(team: string): number {
    const account = this.#teams.get(team);
    return account === undefined ? Infinity : account.of.usage / account.of.weight;
  }

  /** The same, with what it holds counted ahead, so that one who has used little does not take everything at once. */
  pull(team: string): number {
    const account = this.#teams.get(team);
    return account === undefined ? Infinity : (account.of.usage + account.holding * this.#quantumMs) / account.of.weight;
  }

  /** The same of a user, among those of the team. */
  pullOf({ team, user }: Pick<Line, 'team' | 'user'>): number {
    const account = this.#users.get(team)?.get(user);
    return account === undefined ? 0 : account.of.usage + account.holding * this.#quantumMs;
  }

  lastStartOf({ team, user }: Pick<Line, 'team' | 'user'>): number | null {
    return this.#users.get(team)?.get(user)?.of.lastStart ?? null;
  }

  /** Why nothing of the team may start now; null when something may. */
  quotaOf(team: string): 'runs' | 'budget' | null {
    const account = this.#teams.get(team);
    if (account === undefined) return 'runs';
    if (account.of.maxRuns !== null && account.runs >= account.of.maxRuns) return 'runs';
    return account.of.budget !== null && account.of.budget <= 0 ? 'budget' : null;
  }
}

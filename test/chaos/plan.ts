// What happens in a round, drawn from the seed alone: the same seed and round give the same plan, on every machine
// that can do the same kinds of faults.
import { key, uniform } from '../../src/ml/rng.js';
import { FAULT_KINDS, FAULTS, LEASE_MS, STAGES, type FaultKind, type StageKind } from './faults.js';
import { SPEC_NAMES, type SpecName } from './specs.js';

export interface Strike {
  kind: FaultKind;
  /** As soon as one of the early runs has done this share of its steps (0: it starts, 1: it is being finished), or so long after the strike before. */
  when: { run: number; share: number } | { afterMs: number };
  /** In [0, 1): which one, where there are several to be hit. */
  pick: number;
  /** 0 where the fault is over at once. */
  lastsMs: number;
}

export interface Plan {
  seed: number;
  /** Counts from 1. */
  round: number;
  stage: StageKind;
  /** The first two are submitted together; a third one when the first fault strikes. */
  runs: SpecName[];
  strikes: Strike[];
}

/** What this machine can do. */
export interface Abilities {
  stages: readonly StageKind[];
  kinds: readonly FaultKind[];
}

export const ALL_ABILITIES: Abilities = { stages: STAGES, kinds: FAULT_KINDS };

/** Runs that are under way before anything happens. */
export const EARLY_RUNS = 2;

/** Rounds in a row on one service. */
export const ROUNDS_PER_STAGE = 7;

/** Streams of random numbers, so that no two uses share any. */
const PLAN = 1;
const DECK = 2;

class Draws {
  readonly #key;
  #count = 0;

  constructor(seed: number, ...stream: number[]) {
    this.#key = key(seed, ...stream);
  }

  /** In [from, to). */
  number(from: number, to: number): number {
    this.#count += 1;
    return from + (to - from) * uniform(this.#key, this.#count);
  }

  /** From 0 to `below` - 1. */
  integer(below: number): number {
    return Math.floor(this.number(0, below));
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.map(() => left.splice(this.integer(left.length), 1)[0] as T);
  }
}

const drawsOf = (seed: number, round: number) => new Draws(seed, PLAN, round);

/** The first number drawn of a round: 2 to 4. */
const strikeCount = (draws: Draws) => 2 + Math.min(2, draws.integer(5));

export function stageOf(round: number, { stages }: Abilities): StageKind {
  return stages[Math.floor((round - 1) / ROUNDS_PER_STAGE) % stages.length] as StageKind;
}

/** The rounds on one service go through all kinds that are possible there, in an order of their own, before one comes again. */
function kindsOf(seed: number, round: number, abilities: Abilities): FaultKind[] {
  const stage = stageOf(round, abilities);
  const possible = abilities.kinds.filter((kind) => FAULTS[kind].stages.includes(stage));
  const block = Math.floor((round - 1) / ROUNDS_PER_STAGE);
  const deck = new Draws(seed, DECK, block).shuffled(possible);
  const before = Array.from({ length: round - 1 - block * ROUNDS_PER_STAGE }, (_, index) => strikeCount(drawsOf(seed, block * ROUNDS_PER_STAGE + index + 1)));
  const first = before.reduce((sum, count) => sum + count, 0);
  return Array.from({ length: strikeCount(drawsOf(seed, round)) }, (_, index) => deck[(first + index) % deck.length] as FaultKind);
}

export function planRound(seed: number, round: number, abilities: Abilities): Plan {
  const kinds = kindsOf(seed, round, abilities);
  const draws = drawsOf(seed, round);
  strikeCount(draws);
  const runs = Array.from({ length: EARLY_RUNS + (draws.integer(3) === 0 ? 1 : 0) }, () => SPEC_NAMES[draws.integer(SPEC_NAMES.length)] as SpecName);
  // In the order in which runs come by them.
  const shares = kinds.map(() => draws.number(-0.15, 1.05)).sort((a, b) => a - b).map((share) => round2(Math.min(1, Math.max(0, share))));
  const strikes = kinds.map((kind, index): Strike => {
    const [shortest, longest] = FAULTS[kind].lasts ?? [0, 0];
    const isFollowing = draws.integer(2) === 0 && index > 0;
    const when = { run: draws.integer(EARLY_RUNS), share: shares[index] as number };
    return {
      kind,
      when: isFollowing ? { afterMs: draws.integer(1_000) } : when,
      pick: round2(draws.number(0, 0.99)),
      lastsMs: Math.round(LEASE_MS * draws.number(shortest, longest)),
    };
  });
  return { seed, round, stage: stageOf(round, abilities), runs, strikes };
}

/** How many starts a run of the round may lose. */
export function startsAtStake({ stage, strikes }: Plan): number {
  return strikes.filter(({ kind }) => FAULTS[kind].costsStart.includes(stage)).length;
}

export function mayLeaveFiles({ stage, strikes }: Plan): boolean {
  return strikes.some(({ kind }) => FAULTS[kind].leavesFiles?.includes(stage));
}

const round2 = (number: number) => Math.round(number * 100) / 100;

export function describeStrike({ kind, when, lastsMs }: Strike): string {
  const moment = 'run' in when ? `run ${when.run + 1} at ${Math.round(when.share * 100)}%` : `${when.afterMs} ms later`;
  return `${kind}${lastsMs === 0 ? '' : ` for ${(lastsMs / 1000).toFixed(1)} s`} (${moment})`;
}

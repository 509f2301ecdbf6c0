// A week of a lab, from a seed: six teams that want different things at different times, more than the box can give at
// noon and less at night.
import { key, randomBits } from '../ml/rng.js';
import type { Device, Request } from '../scheduler/state.js';
import type { SimulatedTeam, Submission } from './simulate.js';

const HOUR_MS = 3600_000;
export const WEEK_MS = 7 * 24 * HOUR_MS;
export const GPU_MIB = 80 * 1024;

/** Two boxes with four GPUs each. */
export const DEVICES: readonly Device[] = Array.from({ length: 8 }, (_, index) => ({
  id: `box-${Math.floor(index / 4)}/gpu-${index % 4}`, box: `box-${Math.floor(index / 4)}`, kind: 'gpu', memoryMiB: GPU_MIB, slots: 8, phase: 'open',
}));

interface Habit extends SimulatedTeam {
  users: number;
  /** Part of all submissions, were there no nights. */
  part: number;
  /** Median duration of a run, and how far the long ones are from it (sigma of the logarithm). */
  medianMs: number;
  spread: number;
  /** Works at night as well. */
  steady: boolean;
}

/** By name: `students` flood the box with small runs, `vision` trains long ones on several devices, `sweeps` never sleep. */
export const TEAMS: readonly Habit[] = [
  { id: 'vision', weight: 3, users: 4, part: 0.12, medianMs: 16 * 60_000, spread: 1.3, steady: false },
  { id: 'speech', weight: 2, users: 3, part: 0.13, medianMs: 9 * 60_000, spread: 1.2, steady: false },
  { id: 'robots', weight: 2, users: 3, part: 0.15, medianMs: 5 * 60_000, spread: 1.2, steady: false },
  { id: 'genes', weight: 1, users: 2, part: 0.1, medianMs: 6 * 60_000, spread: 1.5, steady: true },
  { id: 'sweeps', weight: 1, users: 2, part: 0.3, medianMs: 5 * 60_000, spread: 0.8, steady: true },
  { id: 'students', weight: 1, users: 20, part: 0.2, medianMs: 2 * 60_000, spread: 1, steady: false },
];

/** Numbers in [0, 1), the same from the same seed everywhere. */
export function randomOf(seed: number): () => number {
  const stream = key(seed);
  let counter = 0;
  return () => randomBits(stream, counter++) / 2 ** 32;
}

const normal = (random: () => number) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** How much happens at this hour of the week, 1 at most: most at two in the afternoon, little at night, less at the weekend. */
function activity(at: number): number {
  const hour = (at / HOUR_MS) % 24;
  const isWeekend = Math.floor(at / HOUR_MS / 24) % 7 >= 5;
  const day = Math.max(0.08, Math.sin((Math.PI * (hour - 7)) / 14));
  return isWeekend ? 0.3 * day : day;
}

function requestOf(random: () => number, team: string): Request {
  const size = random();
  const gpu = { kind: 'gpu', devices: 1, exclusive: false } as const;
  if (team === 'students' || size < 0.45) return { ...gpu, memoryMiB: 6 * 1024 };
  if (size < 0.75) return { ...gpu, memoryMiB: 20 * 1024 };
  if (size < 0.9) return { ...gpu, memoryMiB: 40 * 1024 };
  if (team !== 'vision' || size < 0.95) return { ...gpu, memoryMiB: 70 * 1024, exclusive: true };
  return { ...gpu, devices: size < 0.985 ? 2 : 4, memoryMiB: 70 * 1024, exclusive: true };
}

export function generateWeek(seed: number, count: number): Submission[] {
  const random = randomOf(seed);
  const submissions: Submission[] = [];
  while (submissions.length < count) {
    const at = Math.floor(random() * WEEK_MS);
    let pick = random();
    const team = TEAMS.find(({ part }) => (pick -= part) < 0) ?? TEAMS[0]!;
    if (!team.steady && random() > activity(at)) continue;
    const durationMs = Math.round(Math.min(24 * HOUR_MS, Math.max(5_000, team.medianMs * Math.exp(team.spread * normal(random)))));
    submissions.push({
      id: '', team: team.id, user: `${team.id} ${Math.floor(random() ** 2 * team.users)}`, priority: Math.floor(random() * 3) * 10, request: requestOf(random, team.id),
      at, durationMs, expectedMs: Math.round(durationMs * (0.6 + 0.9 * random())),
    });
  }
  submissions.sort((a, b) => a.at - b.at);
  return submissions.map((submission, index) => ({ ...submission, id: `run ${String(index).padStart(6, '0')}` }));
}

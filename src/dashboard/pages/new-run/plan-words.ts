// What a plan says, for people.
import type { Plan } from '../../api/types.js';
import { duration } from '../../lib/format.js';

type Outlook = NonNullable<Plan['queue']>;

/** `31.4 MFLOP` */
export function operations(flops: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let unit = 0;
  for (; flops >= 1000 && unit < units.length - 1; unit += 1) flops /= 1000;
  return `${unit === 0 ? Math.round(flops) : flops.toFixed(1)} ${units[unit]}FLOP`;
}

/** How long until a moment; never less than nothing. */
export const timeTo = (iso: string, now: number): string => duration(Math.max(0, Date.parse(iso) - now));

const MOMENT_MS = 5000;

/** `at once`, `in a moment`, `in about 4 min 10 s` */
export function startWords({ estimatedStart: { likely }, reason }: Outlook, now: number): string {
  if (reason.code === 'starting') return 'at once';
  if (likely === null) return 'too far off to tell';
  return Date.parse(likely) - now < MOMENT_MS ? 'in a moment' : `in about ${timeTo(likely, now)}`;
}

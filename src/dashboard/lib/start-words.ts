// When a run that waits is likely to start, in words. Nobody knows to the second, and nothing here pretends to.
import { moment } from './format.js';

export interface StartEstimate {
  likely: string | null;
  earliest: string | null;
  latest: string | null;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `1 min`, `25 min`, `3 h`, `2 days` */
export function roughly(ms: number): string {
  if (ms < 90 * MINUTE) return `${Math.max(1, Math.round(ms / MINUTE))} min`;
  if (ms < 36 * HOUR) return `${Math.round(ms / HOUR)} h`;
  return `${Math.round(ms / DAY)} days`;
}

/** `in about 5 min`, `in less than a minute`, `in 5 min at the earliest`; null where nobody can say. */
export function likelyStart({ likely, earliest }: StartEstimate, now: number): string | null {
  const time = likely ?? earliest;
  if (time === null) return null;
  const left = Date.parse(time) - now;
  if (likely === null) return `in ${roughly(left)} at the earliest`;
  return left < MINUTE / 2 ? 'any moment' : left < MINUTE ? 'in less than a minute' : `in about ${roughly(left)}`;
}

/** `2 to 9 min`, `2 min to 3 h`, `2 min or later`: what eight of ten runs keep to; null where it would say no more than the likely time. */
export function startSpan({ likely, earliest, latest }: StartEstimate, now: number): string | null {
  if (likely === null || earliest === null) return null;
  const from = roughly(Math.max(0, Date.parse(earliest) - now));
  if (latest === null) return `${from} or later`;
  const to = roughly(Math.max(0, Date.parse(latest) - now));
  if (from === to) return null;
  const [fromAmount, fromUnit] = from.split(' ');
  return fromUnit === to.split(' ')[1] ? `${fromAmount} to ${to}` : `${from} to ${to}`;
}

/** The same by the clock, for who points at it. */
export function startMoments({ likely, earliest, latest }: StartEstimate): string {
  const said = [['Earliest', earliest], ['likely', likely], ['latest', latest]] as const;
  const known = said.filter(([, time]) => time !== null).map(([word, time]) => `${word} ${moment(time!)}`);
  return known.length === 0 ? 'Nobody can say when.' : known.join(', ');
}

// Which days the ledger is of: the last so many, or from one to another. Days are those of UTC, as the ledger counts. Pure.

export const PERIODS = ['1', '7', '30', '90', 'dates'] as const;
export type Period = (typeof PERIODS)[number];

export const PERIOD_NAMES: Record<Period, string> = { 1: 'Today', 7: '7 days', 30: '30 days', 90: '90 days', dates: 'Dates' };

const DAY_MS = 24 * 3600_000;
const MOST_DAYS = 366;

const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export interface Span {
  from: string;
  /** The day after the last; null is now. */
  to: string | null;
}

/** What the service is asked; a string says what is wrong with the dates. `last` is the last day, with all of it. */
export function spanOf({ period, first, last }: { period: Period; first: string; last: string }, now: number): Span | string {
  if (period !== 'dates') return { from: dayOf(now - (Number(period) - 1) * DAY_MS), to: null };
  if (!isDay(first) || !isDay(last)) return 'Choose the first day and the last.';
  const [start, end] = [Date.parse(first), Date.parse(last) + DAY_MS];
  if (start >= end) return 'The first day comes after the last.';
  if (start > now) return 'These days are yet to come.';
  if (end - start > MOST_DAYS * DAY_MS) return 'A year at most.';
  return { from: first, to: end > now ? null : dayOf(end) };
}

// What the ledger's items are called, and what became of the devices' time. Pure.
import type { LedgerItem, LedgerTotal } from '../../api/types.js';
import { count } from '../../lib/format.js';
import { shortId } from '../../lib/run-names.js';

export const BY = ['team', 'user', 'run', 'day', 'box', 'deviceKind'] as const;
export type By = (typeof BY)[number];
export const BY_NAMES: Record<By, string> = { team: 'Team', user: 'User', run: 'Run', day: 'Day', box: 'Box', deviceKind: 'Kind' };

type Seconds = keyof Omit<LedgerTotal, 'runs' | 'deviceSeconds' | 'waitingSeconds'>;

/** The parts of the time that devices were held, the best first. Colours differ in lightness too. */
export const FATES: readonly { key: Seconds; title: string; about: string; color: string }[] = [
  { key: 'usefulSeconds', title: 'Useful', about: 'up to the best epoch', color: 'var(--series-2)' },
  { key: 'afterBestSeconds', title: 'After best', about: 'steps after the best epoch', color: 'var(--series-4)' },
  { key: 'lostSeconds', title: 'Lost', about: 'had to be done again, or came to nothing', color: 'var(--series-6)' },
  { key: 'idleSeconds', title: 'Idle', about: 'held without computing a step', color: 'var(--series-7)' },
];

/** `< 0.1 s`, `42 s`, `12.5 min`, `3.2 h`, `1,240 h`: devices times time. */
export function deviceTime(seconds: number): string {
  if (seconds > 0 && seconds < 0.05) return '< 0.1 s';
  if (seconds < 59.5) return `${seconds < 9.95 && seconds > 0 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 5970) return `${(seconds / 60).toFixed(1)} min`;
  const hours = seconds / 3600;
  return `${hours < 99.95 ? hours.toFixed(1) : count(hours)} h`;
}

/** `37 %`; nothing of nothing is nothing. */
export const shareOf = (part: number, all: number): string => (all === 0 ? '' : part > 0 && part / all < 0.005 ? '< 1 %' : `${Math.round((part / all) * 100)} %`);

export function nameOf(item: LedgerItem, by: By): string {
  switch (by) {
    case 'team': return item.team ?? '';
    case 'user': return item.user ?? 'nobody known';
    case 'run': return item.run ?? shortId(item.runId ?? '');
    case 'day': return dayName(item.day ?? '');
    case 'box': return item.box ?? '';
    case 'deviceKind': return (item.deviceKind ?? '').toUpperCase();
  }
}

/** What else is to be known of it. */
export const aboutOf = (item: LedgerItem, by: By): string => (by === 'user' ? (item.team ?? '') : by === 'run' ? [item.user, item.team].filter(Boolean).join(' · ') : by === 'box' ? (item.deviceKind ?? '').toUpperCase() : '');

/** Unique among the items. */
export const keyOf = (item: LedgerItem, by: By): string => (by === 'run' ? (item.runId ?? '') : `${nameOf(item, by)} ${aboutOf(item, by)} ${item.day ?? ''}`);

/** `Mon 3 Mar` */
const dayName = (day: string): string => new Date(`${day}T00:00:00Z`).toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' }).replace(',', '');

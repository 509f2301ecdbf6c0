// Weight and quotas of a team: how they are shown, written and read. Quotas that are not there are no limit. Pure.
import type { Team } from '../../api/types.js';
import { bytes, count } from '../../lib/format.js';

export type Share = 'weight' | 'maxRuns' | 'gpuSecondsPerDay' | 'storageBytes';

interface Quantity {
  title: string;
  /** What is written behind the number while it is changed. */
  unit: string;
  note: string;
  show(value: number): string;
  /** One of these units. */
  of: number;
  /** The largest that the service takes, as it takes it. */
  most: number;
  whole: boolean;
  /** Whether nothing written is no limit. */
  optional: boolean;
}

export const SHARES: Record<Share, Quantity> = {
  weight: { title: 'Weight', unit: '', note: 'Its share of the devices is its weight among those of the teams that want some.', show: (value) => String(value), of: 1, most: 1000, whole: false, optional: false },
  maxRuns: { title: 'Runs at once', unit: 'runs', note: 'On devices, at most.', show: count, of: 1, most: 100_000, whole: true, optional: true },
  gpuSecondsPerDay: { title: 'GPU time a day', unit: 'hours', note: 'From midnight to midnight in UTC; processors count a tenth.', show: (value) => `${Number((value / 3600).toFixed(2))} h`, of: 3600, most: 1e9, whole: false, optional: true },
  storageBytes: { title: 'Storage', unit: 'GB', note: 'Beyond it nothing new starts.', show: bytes, of: 1e9, most: Number.MAX_SAFE_INTEGER, whole: true, optional: true },
};

export const NAMES = Object.keys(SHARES) as Share[];

export const shown = (name: Share, value: Team[Share]): string => (value === null ? 'no limit' : SHARES[name].show(value));

/** As it is written to be changed. */
export const written = (name: Share, value: Team[Share]): string => (value === null ? '' : String(Number((value / SHARES[name].of).toPrecision(12))));

/** What the service is told; undefined where it cannot be meant. */
export function readShare(name: Share, text: string): number | null | undefined {
  const { of, most, whole, optional } = SHARES[name];
  if (text.trim() === '') return optional ? null : undefined;
  const number = Number(text.trim().replace(',', '.')) * of;
  const value = of === 1 ? number : Math.round(number);
  if (!Number.isFinite(value) || value > most || value < 0 || (whole && !Number.isInteger(value)) || (name === 'weight' && value === 0)) return undefined;
  return value;
}

/** Why a text cannot be taken. */
export function faultOf(name: Share, text: string): string | null {
  if (readShare(name, text) !== undefined) return null;
  const { whole, of, most, optional } = SHARES[name];
  return `${whole && of === 1 ? 'A whole number' : 'A number'} ${name === 'weight' ? 'above 0' : 'from 0'}${most / of > 1e9 ? '' : ` to ${count(Math.floor(most / of))}`}${optional ? ', or nothing for no limit' : ''}.`;
}

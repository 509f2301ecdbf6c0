// What a key is good for, and for how long. Pure.
import type { ApiKey } from '../../api/types.js';

export type Scope = ApiKey['scopes'][number];

export const SCOPES: readonly { value: Scope; label: string }[] = [
  { value: 'read', label: 'look at runs, data and devices' },
  { value: 'write', label: 'submit, steer and delete runs' },
  { value: 'manage', label: 'manage members and keys of the team' },
  { value: 'operate', label: 'run the service: teams, users, boxes' },
];

/** Whether the service would still take it. */
export const isGood = ({ revokedAt, expiresAt }: Pick<ApiKey, 'revokedAt' | 'expiresAt'>, now: number): boolean => revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > now);

/** Days until it ends: null is never, undefined what cannot be meant. */
export function readDays(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  const days = Number(text);
  return days > 0 && days <= 3650 ? days : undefined;
}

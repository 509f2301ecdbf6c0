// What a tab keeps is of whoever wrote it: the next person at the same browser does not find it.

const OWNER = 'trainyard-owner';
const OURS = /^trainyard-/;

/** What is used of a `Storage`. */
export interface Kept {
  readonly length: number;
  key(at: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export function forgetAll(kept: Kept): void {
  const keys = Array.from({ length: kept.length }, (_, at) => kept.key(at));
  for (const key of keys) if (key !== null && OURS.test(key)) kept.removeItem(key);
}

/** Forgets what another has left. */
export function ownTab(kept: Kept, owner: string): void {
  const before = kept.getItem(OWNER);
  if (before !== null && before !== owner) forgetAll(kept);
  kept.setItem(OWNER, owner);
}

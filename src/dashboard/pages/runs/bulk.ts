// What is done to many runs at once: to those that allow it, and what became of each.
import type { Run } from '../../api/types.js';
import { allows, STEERS, type Steer } from '../../lib/steering.js';

/** For each action the runs that it would change, in words of the service's own rules. */
export function openTo(runs: readonly Run[], mayChange: (run: Run) => boolean): Record<Steer, readonly Run[]> {
  const mine = runs.filter(mayChange);
  return Object.fromEntries(STEERS.map((steer) => [steer, mine.filter((run) => allows(steer, run))])) as unknown as Record<Steer, readonly Run[]>;
}

/** The tags of a run after some are added and others taken away; null where that changes nothing. */
export function retagged(tags: readonly string[], { add, remove }: { add: readonly string[]; remove: readonly string[] }): string[] | null {
  const next = [...new Set([...tags.filter((tag) => !remove.includes(tag)), ...add])];
  return next.length === tags.length && next.every((tag, at) => tag === tags[at]) ? null : next;
}

/** `a, b,,a` as tags. */
export const tagsIn = (text: string): string[] => [...new Set(text.split(',').map((tag) => tag.trim()).filter((tag) => tag !== ''))];

/** The tags that some of the runs carry, each with how many do, most first. */
export function tagCounts(runs: readonly Pick<Run, 'tags'>[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { tags } of runs) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
}

export interface Failure {
  run: Run;
  reason: unknown;
}

/** `3 runs deleted, 1 was not.` */
export function outcome(done: number, failed: number, word: string): string {
  const runs = `${done} ${done === 1 ? 'run' : 'runs'} ${word}`;
  return failed === 0 ? `${runs}.` : `${runs}, ${failed} ${failed === 1 ? 'was' : 'were'} not.`;
}

// Which waiting run can be put before which: a person's own line, within that of the team. Pure.
import type { QueueEntry, Run } from '../../api/types.js';

export interface Steps {
  /** What to ask to have it one place earlier in its user's line: `move` goes before `before`; null where it is the first. */
  earlier: { move: string; before: string } | null;
  /** One place later: the one behind it goes before it. */
  later: { move: string; before: string } | null;
}

/** For each entry, by its run. Those of nobody, or of runs that are not known, cannot be moved. */
export function stepsOf(entries: readonly QueueEntry[], runs: ReadonlyMap<string, Pick<Run, 'user'>>): ReadonlyMap<string, Steps> {
  const lines = new Map<string, string[]>();
  for (const { runId } of [...entries].sort((a, b) => a.position - b.position)) {
    const user = runs.get(runId)?.user;
    if (user != null) lines.set(user, [...(lines.get(user) ?? []), runId]);
  }
  const steps = new Map<string, Steps>();
  for (const line of lines.values()) {
    for (const [at, runId] of line.entries()) {
      const [ahead, behind] = [line[at - 1], line[at + 1]];
      steps.set(runId, { earlier: ahead === undefined ? null : { move: runId, before: ahead }, later: behind === undefined ? null : { move: behind, before: runId } });
    }
  }
  return steps;
}

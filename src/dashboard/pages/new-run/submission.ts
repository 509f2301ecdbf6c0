// A submission that is not a spec but says what is changed of one: of a recipe, or of a run that it goes on from.
import { mergePatch } from '../../../portable/merge-patch.js';

export type Source = { kind: 'recipe'; name: string } | { kind: 'fork'; runId: string };

/** Null for a spec. */
export function sourceOf(submission: unknown): Source | null {
  const { recipe, fork } = (submission ?? {}) as { recipe?: unknown; fork?: { runId?: unknown } | null };
  if (typeof recipe === 'string') return { kind: 'recipe', name: recipe };
  return fork === undefined ? null : { kind: 'fork', runId: String(fork?.runId ?? '') };
}

/** As a spec of its own: `spec` is the recipe's. */
export function writtenOut(submission: object, spec: unknown): unknown {
  const { recipe: _, ...changes } = submission as Record<string, unknown>;
  return mergePatch(spec, changes);
}

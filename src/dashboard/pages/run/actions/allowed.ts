// What one can have a run do now: what its state allows and one's rights do. Nothing else is offered.
import type { Run } from '../../../api/types.js';
import { allows } from '../../../lib/steering.js';

export type RunAction = 'pause' | 'resume' | 'cancel' | 'extend' | 'clone' | 'fork' | 'edit' | 'share' | 'delete';

export interface Means {
  /** May change this very run. */
  mayChange: boolean;
  /** May submit runs. */
  maySubmit: boolean;
  /** It has training states. */
  hasStates: boolean;
}

export function allowedActions(run: Pick<Run, 'state'>, { mayChange, maySubmit, hasStates }: Means): ReadonlySet<RunAction> {
  const allowed: Record<RunAction, boolean> = {
    pause: mayChange && (allows('pause', run) || run.state === 'pausing'),
    resume: mayChange && allows('resume', run),
    cancel: mayChange && (allows('cancel', run) || run.state === 'cancelling'),
    extend: mayChange && run.state === 'succeeded' && hasStates,
    clone: maySubmit,
    // The service starts a run only with the weights of one of the same team.
    fork: mayChange && maySubmit && hasStates,
    edit: mayChange,
    share: mayChange,
    delete: mayChange && allows('delete', run),
  };
  return new Set((Object.keys(allowed) as RunAction[]).filter((name) => allowed[name]));
}

/** The steps of the training states among a run's files, ascending. */
export const statesOf = (files: readonly { path: string }[]): number[] =>
  files.flatMap(({ path }) => /^checkpoints\/step-(\d+)\.\w+$/.exec(path)?.[1] ?? []).map(Number).sort((a, b) => a - b);

/** As people write them: with commas between. No empty ones, none twice. */
export const parseTags = (text: string): string[] => [...new Set(text.split(',').map((tag) => tag.trim()).filter((tag) => tag !== ''))];

/** Of a number that somebody types: null where it is none from 1 on. */
export function wholeFrom1(text: string): number | null {
  const value = Number(text);
  return text.trim() !== '' && Number.isInteger(value) && value >= 1 ? value : null;
}

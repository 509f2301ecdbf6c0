// What the fields of the form share: the spec, how it is changed, and what the service says of each place.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Plan } from '../../api/types.js';
import { isWithin, partsOf } from './pointer.js';

export interface Editor {
  spec: unknown;
  /** `undefined` takes the value out. */
  set(pointer: string, value: unknown): void;
  problems: Plan['problems'];
  warnings: Plan['warnings'];
  /** Names of the data sets that there are. */
  datasets: readonly string[];
}

export const EditorContext = createContext<Editor>({ spec: {}, set: () => undefined, problems: [], warnings: [], datasets: [] });

export const useEditor = (): Editor => useContext(EditorContext);

/** What is said of a place: of itself, and of what is in it where no field of its own (`parts`) says it. */
export function saidOf({ problems, warnings }: Pick<Editor, 'problems' | 'warnings'>, pointer: string, parts: readonly string[] = []): { detail: string; isProblem: boolean }[] {
  const isHere = (at: string) => isWithin(at, pointer) && (at === pointer || !parts.includes(partsOf(at.slice(pointer.length))[0] ?? ''));
  const said = (list: Plan['problems'], isProblem: boolean) => list.filter((one) => isHere(one.pointer)).map((one) => ({ isProblem, detail: `${one.pointer === pointer ? '' : `${one.pointer.slice(pointer.length + 1)}: `}${one.detail}` }));
  return [...said(problems, true), ...said(warnings, false)];
}

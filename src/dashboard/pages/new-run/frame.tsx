// What stands around a field: its name, what it is for, and what is wrong with it.
import type { ComponentChildren } from 'preact';
import { saidOf, useEditor } from './editor.js';
import { rangeOf, type Schema } from './schema.js';

export interface FrameProps {
  id: string;
  pointer: string;
  label: string;
  schema: Schema;
  /** What is in it and has a field of its own, which says what is wrong there. */
  parts?: readonly string[] | undefined;
  /** Fields beneath it say all. */
  silent?: boolean;
  children: ComponentChildren;
}

export const hintOf = (schema: Schema): string => [schema.description, rangeOf(schema)].filter(Boolean).join(' ');

export function Frame({ id, pointer, label, schema, parts, silent = false, children }: FrameProps) {
  const hint = hintOf(schema);
  return (
    <div class="field" data-pointer={pointer} title={hint}>
      <label for={id}>{label}</label>
      {children}
      <span id={`${id}-hint`} class="hidden-text">{hint}</span>
      {!silent && <Said id={`${id}-said`} pointer={pointer} parts={parts} />}
    </div>
  );
}

/** Problems and warnings of a place. */
export function Said({ id, pointer, parts }: { id?: string; pointer: string; parts?: readonly string[] | undefined }) {
  const said = saidOf(useEditor(), pointer, parts);
  if (said.length === 0) return null;
  return <div id={id} class="said" aria-live="polite">{said.map(({ detail, isProblem }) => <p key={detail} class={isProblem ? 'field-fault' : 'field-warning'}>{detail}</p>)}</div>;
}

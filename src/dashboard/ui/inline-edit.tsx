// A value that is changed where it stands: press it, write, Enter keeps it, Escape leaves it as it was.
import { useEffect, useRef, useState } from 'preact/hooks';
import { wordsOf } from '../api/error.js';
import { useAction } from '../api/resource.js';
import { Button } from './button.js';
import './inline-edit.css';

export interface InlineEditProps {
  /** `Weight of vision` */
  label: string;
  /** As it is read. */
  shown: string;
  /** As it is written. */
  value: string;
  unit?: string;
  note?: string;
  /** Why a text cannot be taken; null where it can. */
  faultOf(text: string): string | null;
  onSave(text: string): Promise<void>;
}

export function InlineEdit({ label, shown, value, unit = '', note, faultOf, onSave }: InlineEditProps) {
  const [text, setText] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const opener = useRef<HTMLSpanElement>(null);
  const isOpen = text !== null;
  useEffect(() => input.current?.select(), [isOpen]);
  const close = () => {
    setText(null);
    // Whoever came by the keyboard stays where they were.
    requestAnimationFrame(() => opener.current?.querySelector('button')?.focus());
  };
  const save = useAction(async () => {
    await onSave(text ?? '');
    close();
  });
  if (!isOpen) return <span ref={opener}><button type="button" class="inline-edit" aria-label={`${label}: ${shown}. Change it`} title="Change it" onClick={() => setText(value)}>{shown}</button></span>;
  const fault = faultOf(text);
  const submit = (event: Event) => {
    event.preventDefault();
    if (fault === null) save.run();
  };
  return (
    <form class="inline-edit-form" onSubmit={submit} onKeyDown={(event) => event.key === 'Escape' && close()}>
      <input ref={input} class="input" inputMode="decimal" aria-label={unit === '' ? label : `${label}, in ${unit}`} aria-invalid={fault !== null} title={note} value={text} placeholder="no limit" onInput={({ currentTarget }) => setText(currentTarget.value)} />
      {unit !== '' && <span class="muted">{unit}</span>}
      <Button type="submit" primary busy={save.busy} why={fault}>Save</Button>
      <Button quiet label="Leave it as it was" onClick={close}>✕</Button>
      {(fault !== null || save.error !== undefined) && <p class="field-fault" role="alert">{fault ?? wordsOf(save.error)}</p>}
    </form>
  );
}

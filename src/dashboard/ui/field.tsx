// What one writes or chooses.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import './controls.css';

interface FieldProps {
  label: string;
  /** The label is there for those who cannot see what it is. */
  hideLabel?: boolean;
  note?: ComponentChildren;
  fault?: string | null;
}

export interface TextFieldProps extends FieldProps {
  value: string;
  onInput(value: string): void;
  type?: 'text' | 'password' | 'search' | 'number';
  placeholder?: string;
  autoComplete?: string;
  required?: boolean;
  autoFocus?: boolean;
}

export function TextField({ label, hideLabel = false, note, fault = null, value, onInput, type = 'text', placeholder, autoComplete = 'off', required = false, autoFocus = false }: TextFieldProps) {
  const id = useId();
  const about = [note === undefined ? null : `${id}-note`, fault === null ? null : `${id}-fault`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id} class={hideLabel ? 'hidden-text' : undefined}>{label}</label>
      <input
        id={id} class="input" {...({ type } as object)} value={value} placeholder={placeholder} required={required} spellcheck={false} autocomplete={autoComplete} autofocus={autoFocus}
        aria-invalid={fault !== null} aria-describedby={about || undefined} onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      {note !== undefined && <p id={`${id}-note`} class="field-note">{note}</p>}
      {fault !== null && <p id={`${id}-fault`} class="field-fault" role="alert">{fault}</p>}
    </div>
  );
}

export interface SelectProps<T extends string> extends FieldProps {
  value: T;
  options: readonly { value: T; label: string }[];
  onChange(value: T): void;
}

export function Select<T extends string>({ label, hideLabel = false, note, fault = null, value, options, onChange }: SelectProps<T>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={hideLabel ? 'hidden-text' : undefined}>{label}</label>
      <select id={id} class="input" value={value} aria-invalid={fault !== null} onChange={({ currentTarget }) => onChange(currentTarget.value as T)}>
        {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
      </select>
      {note !== undefined && <p class="field-note">{note}</p>}
      {fault !== null && <p class="field-fault" role="alert">{fault}</p>}
    </div>
  );
}

/** A few words side by side, one of which holds. */
export function Segments<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly { value: T; label: string }[]; onChange(value: T): void }) {
  const move = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const at = options.findIndex((option) => option.value === value);
    const next = (at + by + options.length) % options.length;
    onChange(options[next]!.value);
    ((event.currentTarget as HTMLElement).children[next] as HTMLElement).focus();
  };
  return (
    <div class="segments" role="radiogroup" aria-label={label} onKeyDown={move}>
      {options.map((option) => (
        <button key={option.value} type="button" role="radio" aria-checked={option.value === value} tabIndex={option.value === value ? 0 : -1} onClick={() => onChange(option.value)}>{option.label}</button>
      ))}
    </div>
  );
}

/** A number by a slider. */
export function Range({ label, value, min, max, step, onChange, format = String }: { label: string; value: number; min: number; max: number; step: number; onChange(value: number): void; format?: (value: number) => string }) {
  const id = useId();
  return (
    <div class="range">
      <label for={id}>{label}</label>
      <input id={id} type="range" min={min} max={max} step={step} value={value} aria-valuetext={format(value)} onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)} />
      <output for={id}>{format(value)}</output>
    </div>
  );
}

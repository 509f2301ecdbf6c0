// The controls of single values: written, or chosen.
import { useId, useState } from 'preact/hooks';
import { labelOf } from '../../lib/format.js';
import { Button } from '../../ui/button.js';
import { saidOf, useEditor } from './editor.js';
import { Frame, hintOf, Said, type FrameProps } from './frame.js';
import { valueAt } from './pointer.js';
import { schemas } from './run-spec-schemas.js';
import { absentOf, resolve, type Field, type Schema } from './schema.js';
import { read, show } from './written.js';

export interface SpecFieldProps {
  pointer: string;
  schema: Schema;
  name: string;
  required?: boolean;
  /** Of the object that it is part of. */
  type?: string;
}

export function WrittenField({ pointer, schema, name, type, field }: SpecFieldProps & { field: Field }) {
  const id = useId();
  const editor = useEditor();
  const value = valueAt(editor.spec, pointer);
  // "0." is on its way to "0.5": what is written stays while it means the value that is there.
  const [text, setText] = useState(() => show(value, field.kind));
  const means = (written: string) => JSON.stringify(read(written, field));
  const shown = means(text) === JSON.stringify(value) ? text : show(value, field.kind);
  const whole = resolve(schemas, schema);
  return (
    <Frame id={id} pointer={pointer} label={labelOf(name)} schema={whole}>
      <input
        id={id} class="input" value={shown} placeholder={absentOf(whole, type) ?? ''} spellcheck={false} autocomplete="off" inputMode={field.kind === 'number' ? 'decimal' : 'text'}
        aria-invalid={saidOf(editor, pointer).some(({ isProblem }) => isProblem)} aria-describedby={`${id}-hint ${id}-said`}
        onInput={({ currentTarget }) => { setText(currentTarget.value); editor.set(pointer, read(currentTarget.value, field)); }}
      />
    </Frame>
  );
}

export interface Option {
  value: string;
  label: string;
}

export function Choose({ pointer, schema, name, value, options, onChange, parts, silent = false }: SpecFieldProps & Pick<FrameProps, 'parts' | 'silent'> & { value: string; options: readonly Option[]; onChange(value: string): void }) {
  const id = useId();
  const editor = useEditor();
  const known = options.some((option) => option.value === value) ? options : [...options, { value, label: value === '' ? 'choose…' : value }];
  return (
    <Frame id={id} pointer={pointer} label={labelOf(name)} schema={resolve(schemas, schema)} parts={parts} silent={silent}>
      <select id={id} class="input" value={value} aria-invalid={!silent && saidOf(editor, pointer, parts).some(({ isProblem }) => isProblem)} aria-describedby={`${id}-hint ${id}-said`} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {known.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
      </select>
    </Frame>
  );
}

export const named = (names: readonly string[]): Option[] => names.map((value) => ({ value, label: value }));

/** Of what is not required one may say nothing. */
export const orNothing = ({ required, schema, type }: SpecFieldProps, options: readonly Option[], nothing = 'default'): Option[] => {
  const absent = absentOf(resolve(schemas, schema), type);
  return required === true ? [...options] : [{ value: '', label: absent === null ? nothing : `${absent} (default)` }, ...options];
};

export function ChoiceField({ names, isFlag = false, ...props }: SpecFieldProps & { names: readonly string[]; isFlag?: boolean }) {
  const { spec, set } = useEditor();
  const value = valueAt(spec, props.pointer);
  const options = isFlag ? [{ value: 'true', label: 'yes' }, { value: 'false', label: 'no' }] : named(names);
  const usual = (label: string) => ({ 'true (default)': 'yes (default)', 'false (default)': 'no (default)' })[label] ?? label;
  return (
    <Choose
      {...props} value={value === undefined ? '' : String(value)} options={orNothing(props, options).map((option) => ({ ...option, label: isFlag ? usual(option.label) : option.label }))}
      onChange={(next) => set(props.pointer, next === '' ? undefined : isFlag ? next === 'true' : next)}
    />
  );
}

export function DatasetField(props: SpecFieldProps) {
  const { spec, set, datasets } = useEditor();
  return <Choose {...props} name="Data set" value={String(valueAt(spec, props.pointer) ?? '')} options={named(datasets)} onChange={(next) => set(props.pointer, next)} />;
}

export function ChoicesField({ names, pointer, schema, name }: SpecFieldProps & { names: readonly string[] }) {
  const { spec, set } = useEditor();
  const value = valueAt(spec, pointer);
  const chosen = Array.isArray(value) ? value.map(String) : [];
  const usual = value === undefined ? absentOf(resolve(schemas, schema)) : null;
  // None of them is a choice, too: only who says nothing gets the default.
  const toggle = (one: string) => set(pointer, names.filter((each) => (each === one) !== chosen.includes(each)));
  return (
    <fieldset class="choices field" data-pointer={pointer} title={hintOf(resolve(schemas, schema))}>
      <legend class="field-label">{labelOf(name)}</legend>
      {names.map((one) => <label key={one}><input type="checkbox" checked={chosen.includes(one)} indeterminate={one === usual} onChange={() => toggle(one)} /> {one}{one === usual && ' (default)'}</label>)}
      {value !== undefined && <div><Button quiet label={`${labelOf(name)} as by default`} onClick={() => set(pointer, undefined)}>Default</Button></div>}
      <Said pointer={pointer} />
    </fieldset>
  );
}

// A value of the spec with the control that its schema asks for; objects and lists by the fields in them.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { labelOf } from '../../lib/format.js';
import { Button } from '../../ui/button.js';
import { EditorContext, useEditor, type Editor } from './editor.js';
import { hintOf, Said } from './frame.js';
import { pointerOf, valueAt, withValueIn } from './pointer.js';
import { schemas } from './run-spec-schemas.js';
import { blankOf, fieldOf, resolve, type Schema } from './schema.js';
import { Choose, ChoiceField, ChoicesField, DatasetField, named, orNothing, WrittenField, type SpecFieldProps } from './value-fields.js';

export function SpecField(props: SpecFieldProps) {
  const field = fieldOf(schemas, props.schema);
  if (props.pointer === '/dataset/name') return <DatasetField {...props} />;
  if (field.kind === 'choice') return <ChoiceField {...props} names={field.names} />;
  if (field.kind === 'flag') return <ChoiceField {...props} names={['true', 'false']} isFlag />;
  if (field.kind === 'choices') return <ChoicesField {...props} names={field.names} />;
  if (field.kind === 'variants') return <VariantsField {...props} variants={field.variants} />;
  if (field.kind === 'named') return <NamedField {...props} names={field.names} settings={field.settings} />;
  if (field.kind === 'list') return <ListField {...props} items={field.items} />;
  if (field.kind === 'object') return <Group {...props}><SpecFields schema={field.schema} pointer={props.pointer} /></Group>;
  return <WrittenField {...props} field={field} />;
}

function VariantsField({ variants, ...props }: SpecFieldProps & { variants: readonly { type: string; schema: Schema }[] }) {
  const { spec, set } = useEditor();
  const { pointer } = props;
  const value = valueAt(spec, pointer) as Record<string, unknown> | undefined;
  const type = value?.type === undefined ? '' : String(value.type);
  const chosen = variants.find((variant) => variant.type === type);
  const choose = (next: string) => {
    // A good rate of one optimizer is a bad one of another.
    const { type: _, learningRate: __, ...kept } = value ?? {};
    set(pointer, next === '' ? undefined : blankOf(schemas, variants.find((variant) => variant.type === next)?.schema ?? {}, kept));
  };
  return (
    <div class="variants">
      <SpecFields key={type} schema={chosen?.schema ?? NOTHING} pointer={pointer} type={type} lead={<Choose {...props} parts={fieldsOf(chosen?.schema ?? NOTHING).map(([name]) => name)} value={type} options={orNothing(props, named(variants.map((variant) => variant.type)), 'none')} onChange={choose} />} />
    </div>
  );
}

const NOTHING: Schema = {};
const fieldsOf = (schema: Schema) => Object.entries(schema.properties ?? {}).filter(([, property]) => property.const === undefined);
const WITH_SETTINGS = '{}';

function NamedField({ names, settings, ...props }: SpecFieldProps & { names: readonly string[]; settings: Schema }) {
  const editor = useEditor();
  const { spec, set } = editor;
  const { pointer } = props;
  const value = valueAt(spec, pointer);
  const isObject = typeof value === 'object' && value !== null;
  const own = Object.keys(settings.properties ?? {});
  const options = [...named(names), { value: WITH_SETTINGS, label: own.length === 1 ? labelOf(own[0]!).toLowerCase() : 'with settings' }];
  const choose = (next: string) => set(pointer, next === '' ? undefined : next === WITH_SETTINGS ? blankOf(schemas, settings, typeof value === 'string' && own.includes('type') ? { type: value } : {}) : next);
  const field = fieldOf(schemas, settings);
  // Without settings it would become the default: whoever empties a field to write it anew has not chosen that.
  const within: Editor = { ...editor, set: (at, next) => set(pointer, withValueIn(spec, pointer, { pointer: at, value: next })) };
  return (
    <>
      <Choose {...props} silent={isObject} value={isObject ? WITH_SETTINGS : String(value ?? '')} options={orNothing(props, options)} onChange={choose} />
      {isObject && <Group {...props}>{field.kind === 'variants' ? <VariantsField {...props} name="Type" required variants={field.variants} /> : <EditorContext.Provider value={within}><SpecFields schema={settings} pointer={pointer} /></EditorContext.Provider>}</Group>}
    </>
  );
}

function ListField({ items, pointer, schema, name }: SpecFieldProps & { items: Schema }) {
  const { spec, set } = useEditor();
  const value = valueAt(spec, pointer);
  const list = Array.isArray(value) ? (value as unknown[]) : [];
  const add = <Button onClick={() => set(pointer, [...list, blankOf(schemas, items)])} label={`Add to ${labelOf(name)}`}>Add</Button>;
  if (list.length === 0) return <div class="field" data-pointer={pointer} title={hintOf(resolve(schemas, schema))}><span class="field-label">{labelOf(name)}</span><div>{add}</div><Said pointer={pointer} /></div>;
  return (
    <fieldset class="group" data-pointer={pointer} title={hintOf(resolve(schemas, schema))}>
      <legend class="field-label">{labelOf(name)}</legend>
      {list.map((_, at) => (
        <div key={at} class="list-item">
          <SpecField pointer={`${pointer}/${at}`} schema={items} name="Type" required />
          <Button quiet label={`Remove ${at + 1} of ${labelOf(name)}`} onClick={() => set(pointer, list.filter((_, other) => other !== at))}>Remove</Button>
        </div>
      ))}
      <div>{add}</div>
      <Said pointer={pointer} parts={list.map((_, at) => String(at))} />
    </fieldset>
  );
}

function Group({ pointer, name, children }: Pick<SpecFieldProps, 'pointer' | 'name'> & { children: ComponentChildren }) {
  return <fieldset class="group" data-pointer={pointer}><legend class="field-label">{labelOf(name)}</legend>{children}</fieldset>;
}

// What one mostly sets is seen at once, the rest when asked for.
export interface SpecFieldsProps {
  schema: Schema;
  pointer: string;
  /** Of the object. */
  type?: string;
  /** Only these, in this order, all of them seen. */
  only?: readonly string[];
  /** Stands before them, and says what is wrong with the whole. */
  lead?: ComponentChildren;
}

export function SpecFields({ schema, pointer, type, only, lead }: SpecFieldsProps) {
  const { spec } = useEditor();
  const properties = fieldsOf(schema).filter(([name]) => only === undefined || only.includes(name));
  const isMain = ([name, property]: [string, Schema]) => only !== undefined || schema.required?.includes(name) === true || (!RARE.has(name) && !/Initializer$/.test(name) && ['number', 'numbers', 'choice', 'text', 'named'].includes(fieldOf(schemas, property).kind));
  const [main, more] = [properties.filter(isMain), properties.filter((one) => !isMain(one))];
  // Asked once: fields must not jump while one writes in them.
  const [open] = useState(() => more.some(([name]) => valueAt(spec, pointer + pointerOf([name])) !== undefined));
  if (only !== undefined) main.sort(([a], [b]) => only.indexOf(a) - only.indexOf(b));
  const fields = (list: typeof properties) => list.map(([name, property]) => <SpecField key={`${type ?? ''} ${name}`} pointer={pointer + pointerOf([name])} schema={property} name={name} required={schema.required?.includes(name) ?? false} {...(type === undefined ? {} : { type })} />);
  return (
    <>
      {(main.length > 0 || lead !== undefined) && <div class="fields">{lead}{fields(main)}</div>}
      {more.length > 0 && <details class="more" open={open}><summary>More settings</summary><div class="fields">{fields(more)}</div></details>}
      {only === undefined && lead === undefined && <Said pointer={pointer} parts={properties.map(([name]) => name)} />}
    </>
  );
}

/** A name need not be given, and few turn these. */
const RARE = new Set(['name', 'dilationRate', 'epsilon', 'axis']);

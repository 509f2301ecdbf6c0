// JSON that people write: where each value stands in it, where it breaks, and how it is laid out.
import { pointerOf } from './pointer.js';

export interface Span {
  from: number;
  to: number;
}

export interface ParsedText {
  /** `undefined` where it cannot be read. */
  value: unknown;
  /** By JSON pointer: where the value stands, as far as it was understood. */
  places: ReadonlyMap<string, Span>;
  fault: { at: number; message: string } | null;
}

class Broken extends Error {
  constructor(readonly at: number, message: string) {
    super(message);
  }
}

const MOST_DEPTH = 100;

export function parseText(text: string): ParsedText {
  const places = new Map<string, Span>();
  let at = 0;
  const skip = () => {
    while (/\s/.test(text[at] ?? '')) at += 1;
  };
  const expect = (mark: string, after: string) => {
    skip();
    if (text[at] !== mark) throw new Broken(at, `expected "${mark}" ${after}${text[at] === undefined ? ', but the text ends' : ''}`);
    at += 1;
  };
  const scalar = (): unknown => {
    const found = /^(?:"(?:[^"\\\n]|\\.)*"|-?\d[\d.eE+-]*|[A-Za-z]+)/.exec(text.slice(at, text[at] === '"' ? undefined : at + 40))?.[0];
    if (found === undefined) throw new Broken(at, text[at] === undefined ? 'a value is missing at the end' : text[at] === '"' ? 'this string is not closed' : `a value cannot begin with "${text[at]}"`);
    try {
      const value: unknown = JSON.parse(found);
      // JSON has no word for what it becomes: the service would be sent null.
      if (value === Infinity || value === -Infinity) throw new Broken(at, `${found.slice(0, 40)} is too large a number`);
      at += found.length;
      return value;
    } catch (error) {
      throw error instanceof Broken ? error : new Broken(at, `${found.slice(0, 40)} is no JSON value`);
    }
  };
  const list = <T>(close: string, item: (index: number) => T): T[] => {
    const items: T[] = [];
    at += 1;
    for (skip(); text[at] !== close; skip()) {
      if (items.length > 0) expect(',', `or "${close}" here`);
      skip();
      if (items.length > 0 && text[at] === close) throw new Broken(at, `there is a comma too many before "${close}"`);
      items.push(item(items.length));
    }
    at += 1;
    return items;
  };
  const read = (path: readonly (string | number)[]): unknown => {
    if (path.length > MOST_DEPTH) throw new Broken(at, 'it is nested too deeply');
    skip();
    const from = at;
    const value = text[at] === '{' ? Object.fromEntries(list('}', () => entry(path))) : text[at] === '[' ? list(']', (index) => read([...path, index])) : scalar();
    places.set(pointerOf(path), { from, to: at });
    return value;
  };
  const entry = (path: readonly (string | number)[]): [string, unknown] => {
    if (text[at] !== '"') throw new Broken(at, 'a key in double quotes is expected here');
    const key = scalar() as string;
    expect(':', `after the key "${key}"`);
    return [key, read([...path, key])];
  };
  try {
    const value = read([]);
    skip();
    if (at < text.length) throw new Broken(at, 'nothing may follow the end of the spec');
    return { value, places, fault: null };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { value: undefined, places, fault: { at: error.at, message: error.message } };
  }
}

/** Why a text is no spec that could be asked about; null where it is one. */
export function whyNoSpec(text: string, { value, fault }: Pick<ParsedText, 'value' | 'fault'>): { title: string; detail: string } | null {
  if (fault !== null) return { title: 'The JSON cannot be read', detail: `Line ${lineOf(text, fault.at)}: ${fault.message}.` };
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? null : { title: 'The JSON is no spec', detail: 'A spec is a JSON object, in braces.' };
}

/** Where a pointer stands, or the nearest that holds it. */
export function spanOf(places: ReadonlyMap<string, Span>, pointer: string): Span | null {
  for (let near = pointer; ; near = near.slice(0, near.lastIndexOf('/'))) {
    const span = places.get(near);
    if (span !== undefined) return span;
    if (near === '') return null;
  }
}

/** From 1. */
export function lineOf(text: string, at: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index >= 0 && index < at; index = text.indexOf('\n', index + 1)) line += 1;
  return line;
}

const WIDTH = 88;

/** What fits on a line stands on one, as one would write it by hand. */
export function layOut(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const parts = Array.isArray(value) ? value.map((item) => layOut(item, inner)) : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${layOut(item, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const line = `${open}${parts.join(', ')}${close}`;
  if (indent !== '' && line.length + indent.length <= WIDTH && !line.includes('\n') && !holdsObjects(value)) return line;
  return parts.length === 0 ? line : `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
}

/** A list of objects has one a line. */
const holdsObjects = (value: object) => Array.isArray(value) && value.length > 0 && value.some((item) => typeof item === 'object' && item !== null && !Array.isArray(item));

// Values as one writes them in a form, and back. What cannot be read stays as it was written: the service says what is
// wrong with it, beside the field.
import type { Field } from './schema.js';

export function show(value: unknown, kind: Field['kind']): string {
  if (value === undefined) return '';
  if (Array.isArray(value) && (kind === 'numbers' || kind === 'words')) return value.join(', ');
  return typeof value === 'string' && kind !== 'other' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** `undefined` for nothing. */
export function read(text: string, field: Field): unknown {
  if (text.trim() === '') return undefined;
  if (field.kind === 'number') return numberOr(text);
  if (field.kind === 'words') return text.split(',').map((word) => word.trim()).filter((word, at, all) => word !== '' && all.indexOf(word) === at);
  if (field.kind === 'numbers') {
    const numbers = text.split(/[,×]/).map((part) => part.trim()).filter((part) => part !== '').map(numberOr);
    return field.single && numbers.length === 1 ? numbers[0] : numbers;
  }
  if (field.kind !== 'other') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const numberOr = (text: string): number | string => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text);

// A ledger for a spreadsheet (RFC 4180).
import type { Ledger } from '../schemas/ledger.js';
import { KEYS, SUMS } from './account.js';

/** One line for each item, after one with their names. The total is left out: whoever sums up a column would count all twice. */
export function csvOf({ by, items }: Pick<Ledger, 'by' | 'items'>): string {
  const columns = [...KEYS[by], ...SUMS];
  const lines = [columns, ...items.map((item) => columns.map((column) => item[column] ?? ''))];
  return lines.map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

/** Spreadsheets take what begins so for a formula, quoted or not, and anybody may give a run its name. */
const FORMULA = /^[=+\-@\t\r]/;

export function cellOf(value: string | number): string {
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// The log of a run as lines on a screen: which are shown, and where in them the words stand that one looks for.
import { clockTime, sentence, words } from '../../../lib/format.js';
import type { Notice } from '../../../live/run-record.js';

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];
export type LogEvent = Extract<Notice, { kind: 'log' | 'warning' }>;
export const isLogEvent = (notice: Notice): notice is LogEvent => notice.kind === 'log' || notice.kind === 'warning';

export interface LogLine {
  /** Unique: the event's number and the line within it. */
  key: string;
  /** Empty for what continues the line before. */
  time: string;
  level: Level;
  text: string;
}

/** Messages of several lines become as many: every line on the screen is of one height. */
export function linesOf(event: LogEvent): LogLine[] {
  const level = event.kind === 'log' ? event.data.level : 'warn';
  const message = event.kind === 'log' ? event.data.message : `${sentence(words(event.data.code))}: ${event.data.message}`;
  return message.trimEnd().split('\n').map((text, at) => ({ key: `${event.seq}.${at}`, time: at === 0 ? clockTime(event.at) : '', level, text: text.replaceAll('\t', '    ').trimEnd() }));
}

/** Those of a level and above that have the text in them, whatever its case. */
export function filterLines(lines: readonly LogLine[], { least, query }: { least: Level; query: string }): readonly LogLine[] {
  const from = LEVELS.indexOf(least);
  const wanted = query.toLowerCase();
  if (from === 0 && wanted === '') return lines;
  return lines.filter(({ level, text }) => LEVELS.indexOf(level) >= from && (wanted === '' || text.toLowerCase().includes(wanted)));
}

/** A text in pieces: every second one is what was looked for. */
export function piecesOf(text: string, query: string): string[] {
  const wanted = query.toLowerCase();
  if (wanted === '') return [text];
  const lower = text.toLowerCase();
  const pieces: string[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    pieces.push(text.slice(from, at), text.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  return [...pieces, text.slice(from)];
}

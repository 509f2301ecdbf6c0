// A ledger as a picture: one bar for each item, stacked by what became of the time. It needs nothing else: no script,
// no font, no other file. Lengths across are parts of the width, so that it is as readable on a phone as on a wall.
import type { Ledger, LedgerItem, LedgerKey, LedgerTotal } from '../schemas/ledger.js';
import { SECONDS_OF, totalOf } from './account.js';
import { CATEGORIES, type Category } from './split.js';

const WORDS: Record<Category, string> = { useful: 'useful', afterBest: 'after best', lost: 'lost', idle: 'idle' };
const TITLES: Record<LedgerKey, string> = { team: 'team', user: 'user', run: 'run', day: 'day', box: 'box', deviceKind: 'kind of device' };

/** Those that held the least are drawn as one; days are all drawn. */
const MOST_BARS = 30;
const LONGEST_NAME = 26;
const [HEAD, ROW, FOOT] = [116, 44, 16];

// Told apart by hue and by lightness, with whatever colour vision (after Okabe and Ito).
const STYLE = `
  svg { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; font-variant-numeric: tabular-nums; }
  .paper { fill: #ffffff; } .ink { fill: #171b1f; } .muted { fill: #596169; } .empty { fill: #eceeea; }
  .title { font-size: 16px; font-weight: 650; }
  .useful { fill: #0b5cad; } .afterBest { fill: #7cc0ec; } .lost { fill: #d55e00; } .idle { fill: #a9afb4; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #171c20; } .ink { fill: #e9edef; } .muted { fill: #98a2aa; } .empty { fill: #252c31; }
    .useful { fill: #3f93e0; } .afterBest { fill: #a9dcff; } .lost { fill: #f08a3c; } .idle { fill: #77828a; }
  }`;

/** SVG, with percentages for widths and pixels for heights. */
export function chartOf({ from, to, by, items, total }: Ledger): string {
  const bars = by === 'day' ? items : fewer(items);
  const longest = Math.max(...bars.map(({ deviceSeconds }) => deviceSeconds), 0);
  const height = HEAD + Math.max(1, bars.length) * ROW + FOOT;
  const title = `Device time by ${TITLES[by]}`;
  const period = `${minuteOf(from)} – ${minuteOf(to)} UTC`;
  const severalTeams = new Set(items.map(({ team }) => team)).size > 1;
  const rows = bars.map((item, index) => rowOf(item, { y: HEAD + index * ROW, longest, severalTeams }));
  const nothing = bars.length === 0 ? [text('Nothing was held.', { x: '0', y: HEAD + 16, of: 'muted' })] : [];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="${height}" role="img" aria-label="${escaped(`${title}, ${period}`)}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="100%" height="${height}"/>`,
    `<svg x="4%" width="92%" height="${height}">`,
    text(title, { x: '0', y: 28, of: 'title ink' }),
    text(period, { x: '0', y: 48, of: 'muted' }),
    ...legendOf(total),
    ...rows,
    ...nothing,
    '</svg>',
    '</svg>',
    '',
  ].join('\n');
}

function legendOf(total: LedgerTotal): string[] {
  return CATEGORIES.flatMap((category, index) => {
    const [x, y] = [(index % 2) * 50, 62 + Math.floor(index / 2) * 20];
    const part = total.deviceSeconds === 0 ? '' : ` ${percent(total[SECONDS_OF[category]] / total.deviceSeconds)}`;
    return [`<svg x="${x}%" y="${y}" width="50%" height="20"><rect class="${category}" y="4" width="12" height="12" rx="2"/>${text(`${WORDS[category]}${part}`, { x: '18', y: 14, of: 'ink' })}</svg>`];
  });
}

function rowOf(item: LedgerItem, { y, longest, severalTeams }: { y: number; longest: number; severalTeams: boolean }): string {
  const { deviceSeconds, waitingSeconds } = item;
  const name = nameOf(item, severalTeams);
  const waited = waitingSeconds > 0 ? `, waited ${duration(waitingSeconds)}` : '';
  const across = (seconds: number) => `${longest === 0 ? 0 : Number(((100 * seconds) / longest).toFixed(3))}%`;
  let x = 0;
  const parts = CATEGORIES.filter((category) => item[SECONDS_OF[category]] > 0).map((category) => {
    const seconds = item[SECONDS_OF[category]];
    const part = `<rect class="${category}" x="${across(x)}" y="${y + 22}" width="${across(seconds)}" height="12"><title>${escaped(`${name}: ${WORDS[category]} ${duration(seconds)} (${percent(seconds / deviceSeconds)})`)}</title></rect>`;
    x += seconds;
    return part;
  });
  return [
    `<g>${name.length > LONGEST_NAME ? `<title>${escaped(name)}</title>` : ''}<svg y="${y}" width="56%" height="20">${text(shortened(name), { x: '0', y: 14, of: 'ink' })}</svg>`,
    text(`${duration(deviceSeconds)}${waited}`, { x: '100%', y: y + 14, of: 'muted', anchor: 'end' }),
    `<rect class="empty" y="${y + 22}" width="100%" height="12"/>${parts.join('')}</g>`,
  ].join('');
}

function fewer(items: readonly LedgerItem[]): readonly LedgerItem[] {
  if (items.length <= MOST_BARS) return items;
  const sorted = items.toSorted((a, b) => b.deviceSeconds - a.deviceSeconds);
  const rest = sorted.slice(MOST_BARS - 1);
  return [...sorted.slice(0, MOST_BARS - 1), { run: `${rest.length} more`, ...totalOf(rest), runs: 0 }];
}

function nameOf({ day, run, user, team, box, deviceKind }: LedgerItem, severalTeams: boolean): string {
  if (user === null) return run ?? `somebody of ${team}`;
  if (user !== undefined && run === undefined && severalTeams) return `${user} of ${team}`;
  return day ?? run ?? user ?? team ?? (box === undefined ? (deviceKind ?? '') : `${box}, ${deviceKind}`);
}

function shortened(name: string): string {
  const characters = [...name];
  return characters.length <= LONGEST_NAME ? name : `${characters.slice(0, LONGEST_NAME - 1).join('')}…`;
}

interface Place {
  x: string;
  y: number;
  of: string;
  anchor?: 'end';
}

const text = (words: string, { x, y, of, anchor }: Place) => `<text class="${of}" x="${x}" y="${y}"${anchor === undefined ? '' : ` text-anchor="${anchor}"`}>${escaped(words)}</text>`;

// What XML 1.0 has no place for, in whatever spelling.
// eslint-disable-next-line no-control-regex
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

export const escaped = (words: string) => words.replaceAll(UNWRITABLE, '\ufffd').replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);

const minuteOf = (time: string) => time.slice(0, 16).replace('T', ' ');
const percent = (part: number) => `${(100 * part).toFixed(part < 0.1 ? 1 : 0)}%`;

export function duration(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`;
  if (seconds < 3600) return `${(seconds / 60).toFixed(0)} min`;
  const hours = seconds / 3600;
  return `${hours.toFixed(hours < 10 ? 1 : 0)} h`;
}

// What runs are set side by side by: hyperparameters in which they differ, metrics, and what they took.
import type { Run } from '../../api/types.js';
import { ticks } from '../../charts/ticks.js';
import { plain } from '../../lib/format.js';
import { numberOf } from '../../lib/number-of.js';
import { formatOf, lastedMsOf } from '../../lib/run-words.js';
import { scalarAt, shortPath } from '../../lib/spec-paths.js';
import type { Difference } from './differences.js';

export interface Quantity {
  /** As the address names it: `spec.fit.batchSize`, `metrics.val_loss`, `minutes`. */
  key: string;
  label: string;
  /** One for each run; null where there is none, or none that can be placed. */
  values: readonly (number | string | null)[];
  format(value: number): string;
  /** It came of a run, and was not set: its axis has round values, not its own. */
  isMeasured?: boolean;
}

export function quantitiesOf(runs: readonly Run[], differences: readonly Difference[], now: number): readonly Quantity[] {
  const specs = differences.map(({ path, values }): Quantity => ({
    key: `spec.${path}`, label: shortPath(path), format: plain, values: values.map((value) => (typeof value === 'boolean' ? String(value) : value)),
  }));
  const names = [...new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)))].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const metrics = names.map((name): Quantity => ({ key: `metrics.${name}`, label: name, isMeasured: true, format: formatOf(name), values: runs.map((run) => finite(numberOf(run.metrics[name]))) }));
  const took: Quantity[] = [
    { key: 'minutes', label: 'minutes', isMeasured: true, format: plain, values: runs.map((run) => finite((lastedMsOf(run, now) ?? NaN) / 60_000)) },
    { key: 'speed', label: 'examples/s', isMeasured: true, format: plain, values: runs.map(({ progress }) => finite(progress.examplesPerSecond ?? NaN)) },
  ];
  const fixed = ['spec.optimizer.learningRate', 'spec.fit.batchSize', 'spec.fit.epochs'].filter((key) => !specs.some((one) => one.key === key)).map((key): Quantity => ({
    key, label: shortPath(key.slice(5)), format: plain, values: runs.map(({ spec }) => scalarAt(spec, key.slice(5))).map((value) => (typeof value === 'boolean' ? String(value) : value)),
  }));
  return [...specs, ...fixed, ...metrics, ...took].filter(({ values }) => values.some((value) => value !== null));
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);
const rank = (name: string) => (name.startsWith('val_') ? 0 : 1) + (name.endsWith('accuracy') ? 0 : 0.5);

/** Where the values of a quantity stand, from 0 to 1. */
export interface Scale {
  kind: 'linear' | 'log' | 'words';
  /** Null where there is nothing to place. */
  place(value: number | string | null): number | null;
  /** Values with their places, for the axis. */
  ticks: readonly { at: number; text: string }[];
  /** What a place reads as. */
  textAt(place: number): string;
  /** What stands at a place, or nearest to it. */
  valueAt(place: number): number | string;
}

/** Rates that span a factor of fifty are told apart by their logarithms. */
const LOG_FROM = 50;

export function scaleOf({ values, format, isMeasured = false }: Pick<Quantity, 'values' | 'format' | 'isMeasured'>): Scale {
  const there = values.filter((value) => value !== null);
  if (there.some((value) => typeof value === 'string')) return wordScale([...new Set(there.map(String))].sort());
  const numbers = there as number[];
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const isLog = low > 0 && high / low >= LOG_FROM;
  const [from, to] = isLog ? [Math.log(low), Math.log(high)] : [low, high];
  const place = (value: number | string | null) => (typeof value !== 'number' ? null : to === from ? 0.5 : ((isLog ? Math.log(value) : value) - from) / (to - from));
  const valueAt = (at: number) => (isLog ? Math.exp(from + at * (to - from)) : from + at * (to - from));
  const distinct = [...new Set(numbers)].sort((a, b) => a - b);
  // A few settings are named each; of many values a few round places.
  const marks = distinct.length < 2 ? distinct : isMeasured && !isLog ? ticks(low, high, { about: 4 }) : distinct.length <= 6 ? spread(distinct, place) : [0, 0.25, 0.5, 0.75, 1].map(valueAt);
  return { kind: isLog ? 'log' : 'linear', place, ticks: marks.map((value) => ({ at: place(value) ?? 0.5, text: format(value) })), textAt: (at) => format(valueAt(at)), valueAt };
}

function wordScale(words: readonly string[]): Scale {
  const at = (index: number) => (words.length === 1 ? 0.5 : index / (words.length - 1));
  return {
    kind: 'words',
    valueAt: (place) => words[Math.round(place * (words.length - 1))] ?? '',
    place: (value) => (value === null || !words.includes(String(value)) ? null : at(words.indexOf(String(value)))),
    ticks: words.map((text, index) => ({ at: at(index), text })),
    textAt: (place) => words[Math.round(place * (words.length - 1))] ?? '',
  };
}

/** Those of a few that do not stand on top of each other. */
function spread(values: readonly number[], place: (value: number) => number | null): number[] {
  const kept: number[] = [];
  for (const value of values) if (kept.length === 0 || (place(value) ?? 0) - (place(kept.at(-1)!) ?? 0) > 0.08) kept.push(value);
  const last = values.at(-1)!;
  return kept.at(-1) === last ? kept : [...kept.slice(0, -1), last];
}

/** A span of an axis by its ends: numbers, or words where the axis has words. So it stays what it is when others make the axis longer. */
export type Span = readonly [number | string, number | string];
/** Of each axis, what is wanted. */
export type Brushes = ReadonlyMap<string, Span>;

/** Whether the run at `index` lies within every brush; where it has no value it does not. */
export function passes(index: number, brushes: Brushes, axes: readonly { quantity: Quantity; scale: Scale }[]): boolean {
  return axes.every(({ quantity, scale }) => {
    const brush = brushes.get(quantity.key);
    if (brush === undefined) return true;
    const at = scale.place(quantity.values[index] ?? null);
    const [low, high] = placesOf(brush, scale);
    return at !== null && at >= low - 1e-6 && at <= high + 1e-6;
  });
}

/** Where a span begins and ends on an axis; a word that the axis has no more bounds nothing. */
export function placesOf([low, high]: Span, scale: Pick<Scale, 'place'>): readonly [number, number] {
  return [Math.max(0, scale.place(low) ?? 0), Math.min(1, scale.place(high) ?? 1)];
}

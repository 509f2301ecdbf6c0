// Curves as the chart of many runs draws them: columns of numbers, and the frame that they are drawn in.
import { smooth } from '../../charts/smoothing.js';
import { nearestTo } from '../../lib/sorted.js';
import type { Columns, Series } from '../../live/series.js';

export interface Trace {
  id: string;
  label: string;
  /** A CSS colour, or `var(--name)`. */
  color: string;
  dash: readonly number[];
  x: Float64Array;
  y: Float64Array;
  /** From the smallest to the greatest value of each bucket, or a deviation below and above a mean; null where single points. */
  low: Float64Array | null;
  high: Float64Array | null;
  /** Drawn as an area between low and high, not as a stroke at each bucket. */
  isBand: boolean;
}

/** Where a bucket stands, and its mean, smoothed; its smallest and greatest values as they were. */
export function columnsToTrace(columns: Columns, { place, smoothing }: { place(at: number): number; smoothing: number }): Pick<Trace, 'x' | 'y' | 'low' | 'high'> {
  const { length, from, to, mean, min, max } = columns;
  const x = new Float64Array(length);
  const y = smoothing > 0 ? smooth(columns, smoothing) : new Float64Array(length);
  let isWide = smoothing > 0;
  for (let at = 0; at < length; at += 1) {
    x[at] = place((from[at]! + to[at]!) / 2);
    if (smoothing === 0) y[at] = mean[at]!;
    isWide ||= max[at]! > min[at]!;
  }
  const copy = (values: ArrayLike<number>) => Float64Array.from({ length }, (_, at) => values[at]!);
  return { x, y, low: isWide ? copy(min) : null, high: isWide ? copy(max) : null };
}

type TraceColumns = Pick<Trace, 'x' | 'y' | 'low' | 'high'>;
const NOTHING: TraceColumns = { x: new Float64Array(), y: new Float64Array(), low: null, high: null };

/** Of many curves, few have grown since they were last drawn. */
export class TraceMaker {
  readonly #kept = new Map<string, { series: Series; version: number; view: string; smoothing: number; columns: TraceColumns }>();

  /** @param view names what `place` depends on */
  make(id: string, series: Series | undefined, { view, place, smoothing }: { view: string; place(at: number): number; smoothing: number }): TraceColumns {
    if (series === undefined) return NOTHING;
    const { version } = series;
    const kept = this.#kept.get(id);
    if (kept?.series === series && kept.version === version && kept.view === view && kept.smoothing === smoothing) return kept.columns;
    const columns = columnsToTrace(series, { place, smoothing });
    this.#kept.set(id, { series, version, view, smoothing, columns });
    return columns;
  }
}

export interface Frame {
  x: readonly [number, number];
  y: readonly [number, number];
}

export interface FrameOptions {
  zoom: readonly [number, number] | null;
  log: boolean;
  /** The share of values that is left out at either end: the first batches would else press the rest of their curves flat. */
  cut: number;
  /** Also from the smallest to the greatest value of each bucket. */
  withRanges: boolean;
  limits: readonly [number, number];
}

/** The values that are shown: of all traces within the span of `x`. */
export function frameOf(traces: readonly Trace[], { zoom, log, cut, withRanges, limits }: FrameOptions): Frame {
  let end = 0;
  for (const { x } of traces) if (x.length > 0) end = Math.max(end, x[x.length - 1]!);
  const x = zoom ?? ([0, end || 1] as const);
  const values: number[] = [];
  for (const trace of traces) {
    const use = (column: Float64Array | null) => {
      if (column === null) return;
      for (let at = 0; at < column.length; at += 1) if (trace.x[at]! >= x[0] && trace.x[at]! <= x[1] && Number.isFinite(column[at]!) && (!log || column[at]! > 0)) values.push(column[at]!);
    };
    use(trace.y);
    if (withRanges || trace.isBand) [trace.low, trace.high].forEach(use);
  }
  if (values.length === 0) return { x, y: log ? [0.1, 10] : [0, 1] };
  const [low, high] = endsOf(values, cut);
  if (log) return { x, y: high > low * 1.02 ? [low / 1.1, high * 1.1] : [low / 2, high * 2] };
  const pad = high > low ? (high - low) * 0.05 : Math.max(Math.abs(high) * 0.1, 1e-9);
  return { x, y: [Math.max(limits[0], low - pad), Math.min(limits[1], high + pad)] };
}

/** Few values have no outermost hundredth. */
const LEAST_TO_CUT = 200;

function endsOf(values: readonly number[], cut: number): [number, number] {
  if (cut > 0 && values.length >= LEAST_TO_CUT) {
    const sorted = Float64Array.from(values).sort();
    const out = Math.floor(sorted.length * cut);
    return [sorted[out]!, sorted[sorted.length - 1 - out]!];
  }
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** The point of a trace at a place, or the nearest; -1 where there is none. */
export const nearestPoint = (x: Float64Array, place: number): number => nearestTo(place, x.length, (at) => x[at]!);

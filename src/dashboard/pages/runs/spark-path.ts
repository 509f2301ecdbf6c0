// A curve as small as a word: the path of an SVG.
import type { Columns } from '../../live/series.js';

export interface Spark {
  /** The means. */
  line: string;
  /** From the smallest to the greatest value of each bucket; empty where buckets are single points. */
  band: string;
  /** Where values were no numbers. */
  bad: readonly number[];
}

/** The range is that of the means, without the first tenth: there most curves fall from so high that the rest is flat. */
export function sparkOf(series: Columns, { width, height }: { width: number; height: number }): Spark {
  const { length, mean, min, max, to, nan } = series;
  const isNumber = (at: number) => Number.isFinite(mean[at]!);
  const later = Array.from({ length }, (_, at) => at).filter((at) => at >= Math.floor(length / 10) && isNumber(at)).map((at) => mean[at]!);
  if (later.length === 0) return { line: '', band: '', bad: badOf(series, width) };
  const [low, high] = [Math.min(...later), Math.max(...later)];
  const last = Math.max(1, to[length - 1]! - to[0]!);
  const x = (at: number) => round(length === 1 ? width / 2 : ((to[at]! - to[0]!) / last) * width);
  const y = (value: number) => round(high === low ? height / 2 : Math.max(0, Math.min(height, (1 - (value - low) / (high - low)) * height)));
  const points: string[] = [];
  for (let at = 0, isBroken = true; at < length; at += 1) {
    if (!isNumber(at)) isBroken = true;
    else {
      points.push(`${isBroken ? 'M' : 'L'}${x(at)} ${y(mean[at]!)}`);
      isBroken = false;
    }
  }
  const wide = Array.from({ length }, (_, at) => at).filter((at) => Number.isFinite(min[at]!) && Number.isFinite(max[at]!));
  const isBand = wide.some((at) => max[at]! > min[at]!) && !wide.some((at) => nan[at]! > 0);
  const band = isBand ? `M${wide.map((at) => `${x(at)} ${y(max[at]!)}`).join('L')}L${wide.reverse().map((at) => `${x(at)} ${y(min[at]!)}`).join('L')}Z` : '';
  return { line: points.length === 1 ? `${points[0]}h0` : points.join(''), band, bad: badOf(series, width) };
}

function badOf({ length, mean, nan, to }: Columns, width: number): number[] {
  const last = Math.max(1, (to[length - 1] ?? 0) - (to[0] ?? 0));
  return Array.from({ length }, (_, at) => at).filter((at) => nan[at]! > 0 || !Number.isFinite(mean[at]!)).map((at) => round(((to[at]! - to[0]!) / last) * width));
}

const round = (value: number) => Math.round(value * 10) / 10;

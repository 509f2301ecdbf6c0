// What is drawn on a chart over its lines: where values were no numbers, and where some lie outside of it.
import type uPlot from 'uplot';
import { barWidth, type Grid } from './grid.js';

export interface Colors {
  text: string;
  grid: string;
  axis: string;
  alarm: string;
  warning: string;
  font: string;
  /** Of `var(--name)`, and of any other CSS colour. */
  of(color: string): string;
}

/** The colours of the place that an element has in the page. */
export function colorsOf(element: Element): Colors {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: read('--muted'), grid: read('--grid'), axis: read('--axis'), alarm: read('--failed'), warning: read('--amber'),
    font: `12px ${style.fontFamily}`,
    of: (color) => (color.startsWith('var(') ? read(color.slice(4, -1)) : color),
  };
}

/** `#rrggbb` made faint, by two more digits; another colour is left as it is. */
export const faint = (color: string, share: number): string => (/^#[\da-f]{6}$/i.test(color) ? `${color}${Math.round(share * 255).toString(16).padStart(2, '0')}` : color);

/** Columns that touch, as spans from the first to the last. */
export function spansOf(columns: readonly number[]): (readonly [number, number])[] {
  const spans: [number, number][] = [];
  for (const column of columns) {
    const last = spans.at(-1);
    if (last !== undefined && column <= last[1] + 2) last[1] = column;
    else spans.push([column, column]);
  }
  return spans;
}

/** Something that happened at a place on the axis. */
export interface Mark {
  place: number;
  tone: 'state' | 'warning' | 'checkpoint';
}

/** A fine line through the chart for each. */
export function paintMarks(plot: uPlot, marks: readonly Mark[], colors: Colors): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const [from = 0, to = 0] = [plot.scales.x?.min, plot.scales.x?.max];
  ctx.save();
  ctx.lineWidth = ratio;
  for (const { place, tone } of marks) {
    if (place < from || place > to) continue;
    const x = Math.round(plot.valToPos(place, 'x', true));
    ctx.strokeStyle = tone === 'warning' ? colors.warning : colors.axis;
    ctx.setLineDash(tone === 'checkpoint' ? [ratio, 5 * ratio] : [5 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** A dashed line through the chart where values begin to be no numbers, or infinite, and a shade for as long as they are. Named once. */
export function paintBad(plot: uPlot, grids: readonly Grid[], colors: Colors): void {
  const spans = spansOf([...new Set(grids.flatMap(({ bad }) => bad))].sort((a, b) => a - b));
  const [first] = spans;
  if (first === undefined) return;
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colors.alarm;
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.fillStyle = faint(colors.alarm, 0.12);
  ctx.beginPath();
  for (const [from, to] of spans) {
    const [left, right] = [placeOf(plot, from), placeOf(plot, to)];
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.stroke();
  const x = placeOf(plot, first[0]);
  const isRight = x > bbox.left + bbox.width - 70 * ratio;
  ctx.fillStyle = colors.alarm;
  ctx.font = `600 ${12 * ratio}px ${colors.font.slice(5)}`;
  ctx.textAlign = isRight ? 'right' : 'left';
  ctx.textBaseline = 'top';
  ctx.fillText('NaN or ∞', x + (isRight ? -6 : 6) * ratio, bbox.top + 4 * ratio);
  ctx.restore();
}

/**
 * A bar from the smallest to the greatest value of each column. In bars, because an area whose borders go up and down at
 * each column takes a canvas tens of milliseconds.
 */
export function paintRanges(plot: uPlot, { min, max }: Grid, fill: string): void {
  const { ctx, bbox } = plot;
  const bottom = bbox.top + bbox.height;
  const within = (value: number) => Math.min(bottom, Math.max(bbox.top, plot.valToPos(value, 'y', true)));
  ctx.save();
  ctx.fillStyle = fill;
  for (let column = 0; column < max.length; column += 1) {
    const [low, high] = [min[column], max[column]];
    if (typeof low !== 'number' || typeof high !== 'number' || !(high > low)) continue;
    const [left, top] = [placeOf(plot, column), within(high)];
    // A logarithmic axis has no place for what is not above zero.
    const end = Number.isNaN(within(low)) ? bottom : within(low);
    ctx.fillRect(left, top, barWidth(max, column) * devicePixelRatio, end - top);
  }
  ctx.restore();
}

/** How far from its mean a value must lie to be drawn by itself: as a share of the chart, and in times of what is usual there. */
const SPIKE = { share: 0.12, times: 4 };

/** How far the values of a column lie apart, in the median; 0 where there are few that do. */
function usualSpread(min: Grid['min'], max: Grid['max']): number {
  const spreads = max.flatMap((value, at) => (typeof value === 'number' ? [value - (min[at] ?? value)] : [])).sort((a, b) => a - b);
  return (spreads[spreads.length >> 1] ?? 0) / 2;
}

/** A hair for what lies far from the mean of its column, which the shade of one pixel would hide. */
export function paintSpikes(plot: uPlot, { mean, min, max }: Grid, color: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = faint(color, 0.5);
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([]);
  ctx.beginPath();
  const least = SPIKE.times * usualSpread(min, max);
  for (let column = 0; column < mean.length; column += 1) {
    const middle = mean[column];
    if (typeof middle !== 'number') continue;
    const y = plot.valToPos(middle, 'y', true);
    for (const value of [min[column], max[column]]) {
      if (typeof value !== 'number' || Math.abs(value - middle) < least) continue;
      const end = Math.min(bbox.top + bbox.height, Math.max(bbox.top, plot.valToPos(value, 'y', true)));
      if (!(Math.abs(end - y) > bbox.height * SPIKE.share)) continue;
      const x = placeOf(plot, column);
      ctx.moveTo(x, y);
      ctx.lineTo(x, end);
    }
  }
  ctx.stroke();
  ctx.restore();
}

/** A mark at the border for each column with values beyond it. */
export function paintOutside(plot: uPlot, grids: readonly Grid[], colors: Colors, [low, high]: readonly [number, number]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colors.text;
  for (const { min, max } of grids) {
    for (let column = 0; column < max.length; column += 1) {
      if ((max[column] ?? -Infinity) > high) ctx.fillRect(placeOf(plot, column) - ratio / 2, bbox.top - 5 * ratio, ratio, 4 * ratio);
      if ((min[column] ?? Infinity) < low) ctx.fillRect(placeOf(plot, column) - ratio / 2, bbox.top + bbox.height + ratio, ratio, 4 * ratio);
    }
  }
  ctx.restore();
}

const placeOf = (plot: uPlot, column: number) => Math.round(plot.valToPos(plot.data[0][column] ?? 0, 'x', true));

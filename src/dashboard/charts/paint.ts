// What is drawn on a chart over its lines: where values were no numbers, and where some lie outside of it.
import type uPlot from 'uplot';
import type { Grid } from './grid.js';

export interface Colors {
  text: string;
  grid: string;
  axis: string;
  alarm: string;
  font: string;
  /** Of `var(--name)`, and of any other CSS colour. */
  of(color: string): string;
}

/** The colours of the place that an element has in the page. */
export function colorsOf(element: Element): Colors {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: read('--muted'), grid: read('--grid'), axis: read('--axis'), alarm: read('--failed'),
    font: `12px ${style.fontFamily}`,
    of: (color) => (color.startsWith('var(') ? read(color.slice(4, -1)) : color),
  };
}

/** `#rrggbb` made faint, by two more digits; another colour is left as it is. */
export const faint = (color: string, share: number): string => (/^#[\da-f]{6}$/i.test(color) ? `${color}${Math.round(share * 255).toString(16).padStart(2, '0')}` : color);

/** A dashed line through the chart wherever a value was no number, or infinite; named once. */
export function paintBad(plot: uPlot, grids: readonly Grid[], colors: Colors): void {
  const columns = [...new Set(grids.flatMap(({ bad }) => bad))].sort((a, b) => a - b);
  const [first] = columns;
  if (first === undefined) return;
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colors.alarm;
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.beginPath();
  for (const column of columns) {
    const x = placeOf(plot, column);
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
  const x = placeOf(plot, first);
  const isRight = x > bbox.left + bbox.width - 70 * ratio;
  ctx.font = `600 ${12 * ratio}px ${colors.font.slice(5)}`;
  ctx.textAlign = isRight ? 'right' : 'left';
  ctx.textBaseline = 'top';
  ctx.fillText('NaN or ∞', x + (isRight ? -6 : 6) * ratio, bbox.top + 2 * ratio);
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

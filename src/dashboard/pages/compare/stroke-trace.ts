// One curve of the chart of many runs, or one band, as it is drawn on a canvas.
import type { Trace } from './trace.js';

/**
 * A line that goes up and down for more than so many times the width of the chart is drawn as thin as the screen can, and
 * without dashes, which one could not see: a thicker one takes a canvas ten times as long, a dashed one fifty times.
 */
const RESTLESS = 8;

export interface Pen {
  x(place: number): number;
  y(value: number): number;
  color: string;
  /** Of the line, in pixels. */
  width: number;
  /** How opaque the line is, and the range around it. */
  share: number;
  range: number;
  /** How wide the chart is, in pixels. */
  reach: number;
}

export function strokeTrace(ctx: CanvasRenderingContext2D, trace: Trace, { x: placeOf, y: heightOf, color, width, share, range, reach }: Pen): void {
  const { x, y, low, high, isBand, dash } = trace;
  ctx.strokeStyle = ctx.fillStyle = color;
  if (low !== null && high !== null) {
    ctx.globalAlpha = range;
    if (isBand) {
      ctx.beginPath();
      area(ctx, trace, placeOf, heightOf);
      ctx.fill();
    } else for (let at = 0; at < x.length; at += 1) {
      // What reaches beyond every number is drawn to the border.
      if (!(high[at]! >= low[at]!)) continue;
      const [top, bottom] = [bounded(heightOf(high[at]!)), bounded(heightOf(low[at]!))];
      ctx.fillRect(placeOf(x[at]!) - 0.75, top, 1.5, bottom - top);
    }
  }
  const heights = Float64Array.from(y, heightOf);
  const isRestless = wayOf(heights) > RESTLESS * reach;
  ctx.globalAlpha = share;
  ctx.lineWidth = isRestless ? 1 / devicePixelRatio : width;
  ctx.setLineDash(isRestless ? [] : [...dash]);
  ctx.beginPath();
  let isDown = false;
  for (let at = 0; at < x.length; at += 1) {
    const [left, height] = [placeOf(x[at]!), heights[at]!];
    if (!Number.isFinite(height)) isDown = false;
    else if (isDown) ctx.lineTo(left, height);
    else {
      ctx.moveTo(left, height);
      // A point with no neighbours would not be seen.
      if (!Number.isFinite(heights[at + 1] ?? NaN)) ctx.lineTo(left + 0.1, height);
      isDown = true;
    }
  }
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

/** How many pixels it goes up and down in all. */
function wayOf(heights: Float64Array): number {
  let way = 0;
  for (let at = 1; at < heights.length; at += 1) way += Math.abs(heights[at]! - heights[at - 1]!) || 0;
  return way;
}

const bounded = (height: number) => Math.min(1e5, Math.max(-1e5, Number.isNaN(height) ? 1e5 : height));

/** From one end along the top, and back along the bottom; apart where there are no numbers. */
function area(ctx: CanvasRenderingContext2D, { x, low, high }: Trace, placeOf: (place: number) => number, heightOf: (value: number) => number): void {
  let from = 0;
  const close = (to: number) => {
    for (let at = from; at < to; at += 1) ctx.lineTo(placeOf(x[at]!), bounded(heightOf(high![at]!)));
    for (let at = to - 1; at >= from; at -= 1) ctx.lineTo(placeOf(x[at]!), bounded(heightOf(low![at]!)));
    if (to > from) ctx.closePath();
  };
  for (let at = 0; at <= x.length; at += 1) {
    if (at < x.length && Number.isFinite(high![at]!)) continue;
    if (at > from) {
      ctx.moveTo(placeOf(x[from]!), bounded(heightOf(high![from]!)));
      close(at);
    }
    from = at + 1;
  }
}

// Draws many curves on a canvas between two: the axes lie beneath, and what follows the pointer above, so that a hundred
// curves are not drawn anew for a cross-hair.
import { colorsOf, faint, type Colors } from '../../charts/paint.js';
import { Pace } from '../../charts/pace.js';
import { logTicks, ticks } from '../../charts/ticks.js';
import { strokeTrace } from './stroke-trace.js';
import { nearestPoint, type Frame, type Trace } from './trace.js';

export interface OverlayView {
  traces: readonly Trace[];
  frame: Frame;
  log: boolean;
  /** Drawn faint, where others are drawn over them. */
  isFaint: boolean;
  /** Areas with their means, over the traces. */
  bands: readonly Trace[];
  formatValue(value: number): string;
  formatPlace(place: number): string;
  wholePlaces: boolean;
}

export interface OverlayHover {
  /** Where on the axis; null is nowhere. */
  place: number | null;
  /** The trace that stands out. */
  trace: Trace | null;
  /** A span that is being drawn. */
  span: readonly [number, number] | null;
}

const LEFT = 62;
const BOTTOM = 28;
const TOP = 10;
const RIGHT = 12;
/** Beyond so many, ranges of buckets are drawn fainter. */
const MANY = 12;

export class OverlayCanvas {
  readonly #axes: HTMLCanvasElement;
  readonly #base: HTMLCanvasElement;
  readonly #top: HTMLCanvasElement;
  readonly #resize: ResizeObserver;
  readonly #onDrawn: (ms: number) => void;
  #colors: Colors;
  #view: OverlayView | null = null;
  #hover: OverlayHover = { place: null, trace: null, span: null };
  #frame = 0;
  #isStale = false;
  readonly #pace = new Pace((act) => requestAnimationFrame(act));
  #later: ReturnType<typeof setTimeout> | undefined;
  #size = { width: 0, height: 0 };

  constructor(host: HTMLElement, onDrawn: (ms: number) => void) {
    this.#axes = host.appendChild(document.createElement('canvas'));
    this.#base = host.appendChild(document.createElement('canvas'));
    this.#top = host.appendChild(document.createElement('canvas'));
    this.#colors = colorsOf(host);
    this.#resize = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      this.#size = { width: entry.contentRect.width, height: entry.contentRect.height };
      this.#plan(true);
    });
    this.#resize.observe(host);
    this.#onDrawn = onDrawn;
  }

  show(view: OverlayView): void {
    this.#view = view;
    this.#plan(true);
  }

  hover(hover: OverlayHover): void {
    this.#hover = hover;
    this.#plan(false);
  }

  repaint(): void {
    this.#colors = colorsOf(this.#base);
    this.#plan(true);
  }

  /** The place under a pixel of the host, within the frame. */
  placeAt(left: number): number {
    const { x } = this.#view?.frame ?? { x: [0, 1] as const };
    const share = (left - LEFT) / Math.max(1, this.#size.width - LEFT - RIGHT);
    return x[0] + Math.min(1, Math.max(0, share)) * (x[1] - x[0]);
  }

  /** The trace nearest to a point, within thirty pixels above or below. */
  traceAt(left: number, top: number): Trace | null {
    const view = this.#view;
    if (view === null) return null;
    const place = this.placeAt(left);
    const { y } = this.#scales(view);
    let best: Trace | null = null;
    let least = 30;
    for (const trace of view.traces) {
      const at = nearestPoint(trace.x, place);
      const away = at < 0 ? NaN : Math.abs(y(trace.y[at]!) - top);
      if (away < least) [least, best] = [away, trace];
    }
    return best;
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#later);
    this.#resize.disconnect();
    this.#axes.remove();
    this.#base.remove();
    this.#top.remove();
  }

  #plan(isStale: boolean): void {
    this.#isStale ||= isStale;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const rest = this.#pace.restMs;
      if (this.#isStale && rest > 0) this.#later ||= setTimeout(() => {
        this.#later = undefined;
        this.#plan(false);
      }, rest);
      const view = this.#view;
      if (view === null || this.#size.width === 0) return;
      const begun = performance.now();
      const isDue = this.#isStale && rest === 0;
      if (isDue) {
        this.#pace.drawing();
        this.#drawBase(view);
      }
      this.#drawTop(view);
      if (!isDue) return;
      this.#isStale = false;
      this.#onDrawn(performance.now() - begun);
    });
  }

  #scales({ frame, log }: OverlayView): { x(place: number): number; y(value: number): number } {
    const { width, height } = this.#size;
    const [x0, x1] = frame.x;
    const [y0, y1] = log ? [Math.log(frame.y[0]), Math.log(frame.y[1])] : frame.y;
    const [wide, high] = [width - LEFT - RIGHT, height - TOP - BOTTOM];
    return {
      x: (place) => LEFT + ((place - x0) / (x1 - x0)) * wide,
      y: (value) => TOP + (1 - ((log ? (value > 0 ? Math.log(value) : NaN) : value) - y0) / (y1 - y0)) * high,
    };
  }

  #clear(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
    const { width, height } = this.#size;
    const ratio = devicePixelRatio;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const ctx = canvas.getContext('2d')!;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    ctx.lineJoin = ctx.lineCap = 'round';
    return ctx;
  }

  #drawBase(view: OverlayView): void {
    const ctx = this.#clear(this.#base);
    const scales = this.#scales(view);
    this.#drawAxes(this.#clear(this.#axes), view, scales);
    this.#within(ctx, () => {
      const many = view.traces.length > MANY;
      const pen = { ...scales, reach: this.#size.width };
      for (const trace of view.traces) strokeTrace(ctx, trace, { ...pen, color: this.#colors.of(trace.color), width: 1.75, share: view.isFaint ? 0.28 : many ? 0.85 : 1, range: view.isFaint ? 0.06 : many ? 0.12 : 0.22 });
      for (const band of view.bands) strokeTrace(ctx, band, { ...pen, color: this.#colors.of(band.color), width: 2.25, share: 1, range: 0.2 });
    });
  }

  #drawTop(view: OverlayView): void {
    const ctx = this.#clear(this.#top);
    const scales = this.#scales(view);
    const { place, trace, span } = this.#hover;
    const { width, height } = this.#size;
    this.#base.classList.toggle('overlay-behind', trace !== null && view.traces.length + view.bands.length > 1);
    if (span !== null) {
      ctx.fillStyle = faint(this.#colors.of('var(--accent)'), 0.16);
      ctx.fillRect(scales.x(span[0]), TOP, scales.x(span[1]) - scales.x(span[0]), height - TOP - BOTTOM);
    }
    if (place !== null) {
      const at = Math.round(scales.x(place)) + 0.5;
      ctx.strokeStyle = this.#colors.text;
      ctx.lineWidth = 1;
      ctx.beginPath();
      ctx.moveTo(at, TOP);
      ctx.lineTo(at, height - BOTTOM);
      ctx.stroke();
    }
    if (trace === null || width === 0) return;
    this.#within(ctx, () => {
      strokeTrace(ctx, trace, { ...scales, color: this.#colors.of(trace.color), reach: width, width: 2.75, share: 1, range: 0.25 });
      const at = place === null ? -1 : nearestPoint(trace.x, place);
      if (at < 0) return;
      ctx.fillStyle = this.#colors.of(trace.color);
      ctx.beginPath();
      ctx.arc(scales.x(trace.x[at]!), scales.y(trace.y[at]!), 4, 0, 7);
      ctx.fill();
    });
  }

  #within(ctx: CanvasRenderingContext2D, draw: () => void): void {
    const { width, height } = this.#size;
    ctx.save();
    ctx.beginPath();
    ctx.rect(LEFT, TOP - 4, width - LEFT - RIGHT + 4, height - TOP - BOTTOM + 8);
    ctx.clip();
    draw();
    ctx.restore();
  }

  #drawAxes(ctx: CanvasRenderingContext2D, { frame, log, formatValue, formatPlace, wholePlaces }: OverlayView, { x, y }: { x(place: number): number; y(value: number): number }): void {
    const { width, height } = this.#size;
    const { text, grid, axis, font } = this.#colors;
    ctx.font = font;
    ctx.lineWidth = 1;
    ctx.fillStyle = text;
    ctx.strokeStyle = grid;
    ctx.textAlign = 'right';
    ctx.textBaseline = 'middle';
    for (const value of (log ? logTicks : ticks)(...frame.y, { about: height / 48 })) {
      const at = Math.round(y(value)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(LEFT, at);
      ctx.lineTo(width - RIGHT, at);
      ctx.stroke();
      ctx.fillText(formatValue(value), LEFT - 8, at);
    }
    ctx.strokeStyle = axis;
    ctx.beginPath();
    ctx.moveTo(LEFT, height - BOTTOM + 0.5);
    ctx.lineTo(width - RIGHT, height - BOTTOM + 0.5);
    ctx.stroke();
    ctx.textBaseline = 'top';
    for (const place of ticks(...frame.x, { about: width / 90, whole: wholePlaces })) {
      const at = x(place);
      ctx.textAlign = at > width - RIGHT - 24 ? 'right' : 'center';
      ctx.fillText(formatPlace(place), at > width - RIGHT - 24 ? width - RIGHT + 8 : at, height - BOTTOM + 8);
    }
  }
}

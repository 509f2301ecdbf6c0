// One canvas of curves: uPlot, told for each frame what to draw. It keeps no curve and no view; both are handed to it.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { incrementsOf, tickTexts, type AxisKind } from './axis.js';
import { followFingers } from './fingers.js';
import { gridPlaces, isOwn, ownColumns, toGrid, type Grid } from './grid.js';
import type { Line } from './line.js';
import { colorsOf, faint, paintBad, paintMarks, paintOutside, paintRanges, paintSpikes, type Colors, type Mark } from './paint.js';
import { Pace } from './pace.js';
import { rangeOf } from './scale.js';
import { smoothed } from './smoothing.js';
import { logTicks } from './ticks.js';

export interface PlotView {
  lines: readonly Line[];
  axis: AxisKind;
  /** The whole of the axis, and what of it is shown. */
  domain: readonly [number, number];
  zoom: readonly [number, number] | null;
  log: boolean;
  /** From 0 to below 1. */
  smoothing: number;
  /** Also what lies far outside. */
  full: boolean;
  limits: readonly [number, number];
  /** How values read beside the axis. */
  formatValue(value: number): string;
  small: boolean;
  marks: readonly Mark[];
}

interface Callbacks {
  /** The pointer is at a place, or has left. */
  onHover(place: number | null): void;
  onZoom(zoom: readonly [number, number] | null): void;
  /** Points that are drawn now, of the raw lines. */
  onPoints(points: number): void;
}

/** Series of uPlot for each line: its mean, and its mean smoothed. */
const PER_LINE = 2;
const AXIS_WIDTH = 58;
const FEW = 60;
/** uPlot's own marks of a logarithmic axis never end where it begins just below a power of ten. */
const LOG_AXIS: Pick<uPlot.Axis, 'splits' | 'filter'> = {
  splits: ({ height }, _axis, from, to) => logTicks(from, to, { about: height / 48 }),
  filter: (_plot, splits) => splits,
};

export class Plot {
  readonly #host: HTMLElement;
  readonly #callbacks: Callbacks;
  readonly #resize = new ResizeObserver(() => this.draw());
  #view: PlotView | null = null;
  #plot: uPlot | null = null;
  #structure = '';
  #frame = 0;
  readonly #pace = new Pace((act) => requestAnimationFrame(act));
  #later: ReturnType<typeof setTimeout> | undefined;
  #grids: { line: Line; raw: Grid; smoothed: Grid | null }[] = [];
  #range: [number, number] = [0, 1];
  #span: readonly [number, number] = [0, 1];
  /** What two fingers stretch the axis to, until they are lifted. */
  #stretched: readonly [number, number] | null = null;
  #hovered: number | null = null;
  #colors: Colors;

  constructor(host: HTMLElement, callbacks: Callbacks) {
    this.#host = host;
    this.#callbacks = callbacks;
    this.#colors = colorsOf(host);
    this.#resize.observe(host);
  }

  show(view: PlotView): void {
    this.#view = view;
    this.draw();
  }

  /** The colours have changed. */
  repaint(): void {
    this.#colors = colorsOf(this.#host);
    this.#structure = '';
    this.draw();
  }

  /** Draws with the next frame, or when the page has had its time, however often it is asked for. */
  draw(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#view === null || this.#host.clientWidth === 0) return;
      const { restMs } = this.#pace;
      clearTimeout(this.#later);
      if (restMs > 0) this.#later = setTimeout(() => this.draw(), restMs);
      else {
        this.#pace.drawing();
        this.#draw(this.#view);
      }
    });
  }

  /** Where the cross-hair stands; null takes it away. */
  hover(place: number | null): void {
    this.#hovered = place;
    const plot = this.#plot;
    if (plot === null) return;
    const left = place === null ? -10 : plot.valToPos(place, 'x');
    plot.setCursor({ left: left < 0 || left > plot.over.clientWidth ? -10 : left, top: 0 }, false);
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#later);
    this.#resize.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #draw(view: PlotView): void {
    const [width, height] = [this.#host.clientWidth, this.#host.clientHeight];
    const span = (this.#span = this.#stretched ?? view.zoom ?? view.domain);
    const grid = { from: span[0], to: span[1], width: Math.max(40, width - AXIS_WIDTH - 12) };
    this.#grids = view.lines.map((line) => {
      const one = { columns: line.series, place: line.place, ...grid };
      const isSmoothed = line.kind === 'raw' && view.smoothing > 0;
      return { line, raw: toGrid(one), smoothed: isSmoothed ? toGrid({ ...one, smoothed: smoothed(line.series, view.smoothing) }) : null };
    });
    const grids = (kind: Line['kind']) => this.#grids.filter(({ line }) => line.kind === kind).map(({ raw }) => raw);
    this.#range = rangeOf({ whole: grids('whole'), raw: grids('raw'), full: view.full, log: view.log, limits: view.limits });
    const positive = view.log ? (cells: Grid['mean']) => cells.map((cell) => (typeof cell === 'number' && cell <= 0 ? undefined : cell)) : (cells: Grid['mean']) => cells;
    const nothing: undefined[] = [];
    const data = [gridPlaces(grid), ...this.#grids.flatMap(({ raw, smoothed }) => [positive(raw.mean), smoothed === null ? nothing : positive(smoothed.mean)])] as uPlot.AlignedData;
    const structure = JSON.stringify([view.log, view.small, view.axis, view.smoothing > 0, view.lines.map(({ key, color, dash, kind }) => [key, color, dash, kind])]);
    if (this.#plot === null || structure !== this.#structure) this.#create(view, data, { width, height });
    else {
      if (this.#plot.width !== width || this.#plot.height !== height) this.#plot.setSize({ width, height });
      this.#plot.setData(data);
    }
    this.#structure = structure;
    // uPlot keeps its cross-hair at a pixel, and scales with the microtask that it has queued by now.
    queueMicrotask(() => this.hover(this.#hovered));
    this.#callbacks.onPoints(grids('raw').reduce((sum, { points }) => sum + points, 0));
  }

  #create(view: PlotView, data: uPlot.AlignedData, size: { width: number; height: number }): void {
    this.#plot?.destroy();
    const { text, grid, axis, font } = this.#colors;
    const common = { stroke: text, font, ticks: { show: false } };
    this.#plot = new uPlot({
      ...size,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        points: { size: 8, width: 2 },
        dataIdx: (plot, series, index) => (series > 0 && series % PER_LINE === 1 ? nearestCell(plot.data[series] as Grid['mean'], index) : (null as unknown as number)),
        bind: { dblclick: () => () => (this.#callbacks.onZoom(null), null) },
      },
      scales: {
        x: { time: false, range: () => [...this.#span] },
        y: { distr: view.log ? 3 : 1, range: () => [...this.#range] },
      },
      axes: [
        { ...common, size: 30, gap: 6, grid: { show: false }, border: { show: true, stroke: axis, width: 1 }, space: 64, incrs: incrementsOf(view.axis), values: (plot, places) => whatFits(plot, places, { texts: tickTexts(view.axis, places), font }) },
        { ...common, size: AXIS_WIDTH, gap: 6, grid: { stroke: grid, width: 1 }, space: view.small ? 40 : 44, values: (_plot, values) => values.map((value: number | null) => (value === null ? '' : this.#view!.formatValue(value))), ...(view.log ? LOG_AXIS : {}) },
      ],
      series: [{}, ...view.lines.flatMap((line) => this.#seriesOf(line, view.smoothing > 0 || view.lines.some(({ kind }) => kind === 'whole')))],
      hooks: {
        // Beneath the lines.
        drawAxes: [(plot) => {
          for (const { line, raw } of this.#grids) paintRanges(plot, raw, faint(this.#colors.of(line.color), line.kind === 'raw' ? 0.2 : 0.12));
        }],
        setSelect: [(plot) => this.#select(plot)],
        draw: [(plot) => {
          const raw = this.#grids.map((one) => one.raw);
          paintMarks(plot, this.#view!.marks, this.#colors);
          for (const { line, raw: grid } of this.#grids) if (line.kind === 'raw') paintSpikes(plot, grid, this.#colors.of(line.color));
          paintOutside(plot, raw, this.#colors, this.#range);
          paintBad(plot, raw, this.#colors);
        }],
      },
    }, data, this.#host);
    this.#follow(this.#plot);
  }

  /** Its own `setCursor` hook tells also what was set from outside. */
  #follow({ over, posToVal }: uPlot): void {
    over.addEventListener('pointermove', ({ clientX }) => {
      if (this.#stretched !== null) return;
      const { left, width } = over.getBoundingClientRect();
      this.#callbacks.onHover(posToVal(Math.min(width, Math.max(0, clientX - left)), 'x'));
    });
    // A finger that is lifted has not pointed elsewhere.
    over.addEventListener('pointerleave', ({ pointerType }) => pointerType !== 'touch' && this.#callbacks.onHover(null));
    followFingers(over, {
      placeAt: (x) => posToVal(x, 'x'),
      domain: () => this.#view?.domain ?? this.#span,
      onStretch: (span) => {
        this.#stretched = span;
        this.draw();
      },
      onZoom: (span) => this.#callbacks.onZoom(span),
    });
  }

  #seriesOf({ color: name, dash = [], kind, label }: Line, hasStronger: boolean): uPlot.Series[] {
    const color = this.#colors.of(name);
    // Of single batches as thin as the screen can: what goes up and down at each takes a canvas ten times as long when it is thicker.
    const isFaint = kind === 'raw' && hasStronger;
    // uPlot draws the dots that its filter names, whatever `show` says.
    const dots = (plot: uPlot, series: number) => {
      const grid = this.#grids[(series - 1) / PER_LINE]?.raw;
      return grid === undefined || grid.entries > (kind === 'whole' ? FEW : 1) ? null : ownColumns(plot.data[series] as Grid['mean']);
    };
    return [
      { label, stroke: isFaint ? faint(color, 0.5) : color, width: kind === 'whole' ? 2.25 : 1 / devicePixelRatio, ...(dash.length > 0 ? { dash: [...dash] } : {}), points: { show: false, filter: dots, size: 7, fill: color, stroke: color } },
      { stroke: color, width: 2, ...(dash.length > 0 ? { dash: [...dash] } : {}), points: { show: false } },
    ];
  }

  #select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 6) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#callbacks.onZoom([plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]);
  }
}

/** Texts beneath an axis without those that the border would cut. */
function whatFits({ ctx, bbox, width, valToPos }: uPlot, places: readonly number[], { texts, font }: { texts: readonly string[]; font: string }): string[] {
  const room = width - bbox.left / devicePixelRatio;
  ctx.save();
  ctx.font = font;
  const fitting = texts.map((text, at) => (valToPos(places[at]!, 'x') + ctx.measureText(text).width / 2 <= room ? text : ''));
  ctx.restore();
  return fitting;
}

/** The nearest column that has a value of its own. */
function nearestCell(cells: Grid['mean'], index: number): number {
  for (let away = 0; away < cells.length; away += 1) {
    if (isOwn(cells, index - away)) return index - away;
    if (isOwn(cells, index + away)) return index + away;
  }
  return index;
}

// One chart: the batches faint, the epochs strong, validation beside them. Its legend is also its readout:
// it tells the latest values, or those under the crosshair, which follows the pointer and the arrow keys.
import { count, el, setText } from './format.js';
import { rangeOf, ticks, wholeTicks } from './scale.js';

const MARGIN = { top: 12, right: 12, bottom: 26, left: 52 };

/**
 * @typedef {object} ChartData
 * @property {import('./curves.js').Curve|null} batch by step
 * @property {import('./curves.js').Curve|null} train by epoch
 * @property {import('./curves.js').Curve|null} validation by epoch
 * @property {number} endStep right end of the axis
 * @property {number} stepsPerEpoch
 */

export class Chart {
  #data = { batch: null, train: null, validation: null, endStep: 1, stepsPerEpoch: 1 };
  #hover = null;
  #full = false;
  /** Of the values that are shown; null when it must be found anew. */
  #range = null;
  #due = false;
  #options;
  #canvas;
  #title = el('h3');
  #where = el('span', { class: 'where' });
  #values = {};
  #colors = null;

  /**
   * Fills a `<figure>`.
   * @param {HTMLElement} figure
   * @param {{title: string, format: (value: number) => string, axis?: (value: number) => string, limits: [number, number],
   *   small?: boolean, onHover: (step: number|null) => void}} options
   */
  constructor(figure, options) {
    this.#options = options;
    const { small = false } = options;
    const legend = el('ul', { class: 'legend' });
    const names = small ? { batch: '' } : { batch: 'each batch', train: 'training', validation: 'validation' };
    for (const [kind, name] of Object.entries(names)) {
      this.#values[kind] = el('b');
      legend.append(el('li', { 'data-kind': kind }, name === '' ? null : el('span', {}, el('i'), name), this.#values[kind]));
    }
    const range = small ? null : el('button', { type: 'button', class: 'quiet', 'aria-pressed': 'false', title: 'Also the first batches and single spikes, which lie outside', onclick: () => {
      this.#full = !this.#full;
      this.#range = null;
      range.setAttribute('aria-pressed', String(this.#full));
      this.draw();
    } }, 'Full range');
    this.#canvas = el('canvas', { tabindex: '0', role: 'slider', 'aria-valuemin': '0' });
    figure.replaceChildren(el('figcaption', {}, this.#title, this.#where, range), legend, this.#canvas);
    figure.classList.toggle('small', small);
    this.#listen();
    this.configure(options);
  }

  /** Changes what is measured: its name, how its values read, and their limits. */
  configure(options) {
    Object.assign(this.#options, options);
    this.#range = null;
    setText(this.#title, this.#options.title);
    this.#canvas.setAttribute('aria-label', `${this.#options.title} by step: move the crosshair with the arrow keys`);
    this.draw();
  }

  /** @param {ChartData} data */
  update(data) {
    this.#data = data;
    this.#range = null;
    this.draw();
  }

  /** @param {number|null} step where the crosshair stands; null takes it away */
  setHover(step) {
    this.#hover = step;
    this.draw();
  }

  /** Paints with the next frame, however often it is asked for. */
  draw() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#readout();
      this.#paint();
    });
  }

  #listen() {
    const canvas = this.#canvas;
    const { onHover } = this.#options;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#colors = null;
      this.draw();
    });
    canvas.addEventListener('pointermove', (event) => {
      const share = (event.offsetX - MARGIN.left) / (canvas.clientWidth - MARGIN.left - MARGIN.right);
      onHover(Math.min(Math.max(0, share), 1) * this.#data.endStep);
    });
    for (const leave of ['pointerleave', 'pointercancel', 'blur']) canvas.addEventListener(leave, () => onHover(null));
    canvas.addEventListener('keydown', (event) => {
      const { batch, train, endStep, stepsPerEpoch } = this.#data;
      const last = batch?.lastStep || (train?.lastStep ?? 0) * stepsPerEpoch;
      const from = this.#hover ?? last;
      const move = Math.max(1, Math.round(endStep / 200));
      const to = { ArrowLeft: from - move, ArrowRight: from + move, PageDown: from - stepsPerEpoch, PageUp: from + stepsPerEpoch, Home: 1, End: last, Escape: null }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      onHover(to === null ? null : Math.min(Math.max(1, to), last));
    });
  }

  /** What the curves hold at the crosshair, or last. */
  #readout() {
    const { format } = this.#options;
    const { batch, train, validation, stepsPerEpoch, endStep } = this.#data;
    const at = this.#hover;
    const epoch = at === null ? null : Math.max(1, Math.ceil(at / stepsPerEpoch));
    const shown = { batch: valueAt(batch, at, format), train: valueAt(train, epoch, format, 'exact'), validation: valueAt(validation, epoch, format, 'exact') };
    for (const [kind, element] of Object.entries(this.#values)) setText(element, shown[kind]);
    const index = at === null ? -1 : (batch?.nearest(at) ?? -1);
    const from = index < 0 ? Math.round(at ?? 0) : batch.from[index];
    const to = index < 0 ? from : batch.to[index];
    const where = at === null ? 'latest' : `${from === to ? `step ${count(to)}` : `steps ${count(from)}–${count(to)}`} · epoch ${epoch}`;
    setText(this.#where, where);
    this.#canvas.setAttribute('aria-valuemax', String(endStep));
    this.#canvas.setAttribute('aria-valuenow', String(Math.round(at ?? batch?.lastStep ?? 0)));
    this.#canvas.setAttribute('aria-valuetext', `${where}: batch ${shown.batch}${this.#options.small ? '' : `, training ${shown.train}, validation ${shown.validation}`}`);
  }

  #paint() {
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width === 0) return;
    const ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.#colors ??= colorsOf(canvas);
    const { batch, train, validation, endStep } = this.#data;
    const lines = [train, validation].filter((curve) => curve !== null);
    this.#range ??= rangeOf({ batch, lines, full: this.#full || this.#options.small, limits: this.#options.limits });
    const [low, high] = this.#range;
    const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom];
    const view = {
      context: canvas.getContext('2d'), colors: this.#colors, width, right, bottom, low, high,
      x: (step) => MARGIN.left + (step / endStep) * (right - MARGIN.left),
      y: (value) => bottom - ((value - low) / (high - low)) * (bottom - MARGIN.top),
    };
    view.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    view.context.clearRect(0, 0, width, height);
    this.#paintAxes(view);
    canvas.dataset.points = String(batch === null ? 0 : paintBatches(view, batch, this.#options.small));
    for (const line of this.#lines()) paintEpochs(view, line.curve, line);
    this.#paintCrosshair(view);
  }

  /** The curves by epoch. A training value is a mean over its epoch, so it stands in the middle; validation comes at the end. */
  #lines() {
    const { train, validation, stepsPerEpoch } = this.#data;
    const lines = [
      { curve: train, color: this.#colors.train, dashed: false, stepOf: (epoch) => (epoch - 0.5) * stepsPerEpoch },
      { curve: validation, color: this.#colors.validation, dashed: true, stepOf: (epoch) => epoch * stepsPerEpoch },
    ];
    return lines.filter(({ curve }) => curve !== null);
  }

  #paintAxes({ context, colors, right, bottom, low, high, x, y }) {
    const { endStep, stepsPerEpoch } = this.#data;
    const { axis = this.#options.format, small } = this.#options;
    context.font = `12px ${colors.font}`;
    context.lineWidth = 1;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    for (const value of ticks(low, high, small ? 1 : 4)) {
      const at = Math.round(y(value)) + 0.5;
      stroke(context, colors.grid, [[MARGIN.left, at], [right, at]]);
      context.fillStyle = colors.muted;
      context.fillText(axis(value), MARGIN.left - 8, at);
    }
    stroke(context, colors.axis, [[MARGIN.left, bottom + 0.5], [right, bottom + 0.5]]);
    context.textBaseline = 'alphabetic';
    context.textAlign = 'center';
    const epochs = wholeTicks(endStep / stepsPerEpoch, Math.min(10, (right - MARGIN.left) / 40));
    for (const epoch of epochs) {
      const at = Math.round(x(epoch * stepsPerEpoch)) + 0.5;
      stroke(context, colors.axis, [[at, bottom], [at, bottom + 4]]);
      context.fillText(String(epoch), at, bottom + 19);
    }
    context.textAlign = 'right';
    context.fillText('epoch', MARGIN.left - 8, bottom + 19);
  }

  #paintCrosshair({ context, colors, bottom, x, y }) {
    if (this.#hover === null) return;
    const { batch, stepsPerEpoch } = this.#data;
    const at = Math.round(x(this.#hover)) + 0.5;
    context.lineWidth = 1;
    stroke(context, colors.muted, [[at, MARGIN.top], [at, bottom]]);
    const index = batch?.nearest(this.#hover) ?? -1;
    if (index >= 0) dot(context, { x: x((batch.from[index] + batch.to[index]) / 2), y: y(batch.mean[index]), radius: 3, color: colors.train, hole: colors.panel });
    const epoch = Math.max(1, Math.ceil(this.#hover / stepsPerEpoch));
    for (const { curve, color, stepOf } of this.#lines()) {
      const found = curve.to.indexOf(epoch);
      if (found >= 0) dot(context, { x: x(stepOf(epoch)), y: y(curve.mean[found]), radius: 5, color });
    }
  }
}

/** Paints the batches as a band from min to max with the mean as a line, one column a pixel. Answers how many points it stands for. */
function paintBatches({ context, colors, right, bottom, low, high, x, y }, batch, strong) {
  let points = 0;
  let column = null;
  const columns = [];
  for (let at = 0; at < batch.length; at += 1) {
    const place = x((batch.from[at] + batch.to[at]) / 2);
    if (column === null || place - column.x >= 1) columns.push((column = { x: place, min: Infinity, max: -Infinity, sum: 0, weight: 0, bad: 0 }));
    const numbers = batch.count[at] - batch.nan[at];
    points += batch.count[at];
    if (batch.nan[at] > 0 || batch.max[at] === Infinity || batch.min[at] === -Infinity) column.bad += 1;
    if (Number.isNaN(batch.mean[at])) continue;
    column.min = Math.min(column.min, batch.min[at]);
    column.max = Math.max(column.max, batch.max[at]);
    column.sum += batch.mean[at] * numbers;
    column.weight += numbers;
  }
  context.save();
  context.beginPath();
  context.rect(MARGIN.left, MARGIN.top - 3, right - MARGIN.left + 4, bottom - MARGIN.top + 6);
  context.clip();
  const clamp = (value) => Math.min(Math.max(y(value), MARGIN.top - 20), bottom + 20);
  const pieces = split(columns, ({ weight }) => weight > 0);
  context.globalAlpha = 0.22;
  context.fillStyle = colors.train;
  for (const piece of pieces) {
    context.beginPath();
    for (const { x: place, max } of piece) context.lineTo(place, clamp(max));
    for (const { x: place, min } of piece.toReversed()) context.lineTo(place, clamp(min));
    context.fill();
  }
  const sparse = columns.length < 80;
  context.globalAlpha = strong ? 1 : sparse ? 0.75 : 0.5;
  context.lineWidth = strong || sparse ? 1.75 : 1;
  for (const piece of pieces) {
    stroke(context, colors.train, piece.map(({ x: place, sum, weight }) => [place, clamp(sum / weight)]));
    if (piece.length === 1) dot(context, { x: piece[0].x, y: clamp(piece[0].sum / piece[0].weight), radius: 2.5, color: colors.train });
  }
  context.restore();
  // What lies outside the range leaves a mark at its edge.
  context.fillStyle = colors.muted;
  for (const { x: place, min, max } of columns) {
    if (Number.isFinite(max) && max > high) context.fillRect(place - 0.5, MARGIN.top - 7, 1, 4);
    if (Number.isFinite(min) && min < low) context.fillRect(place - 0.5, bottom - 1, 1, 4);
  }
  paintBad({ context, colors, bottom, right }, columns.filter(({ bad }) => bad > 0));
  return points;
}

/** Where a loss was no number, or infinite: a line through the chart, named once. */
function paintBad({ context, colors, bottom, right }, columns) {
  context.setLineDash([3, 3]);
  context.lineWidth = 1.5;
  for (const { x: place } of columns) stroke(context, colors.alarm, [[place, MARGIN.top], [place, bottom]]);
  context.setLineDash([]);
  if (columns.length === 0) return;
  const [{ x: place }] = columns;
  context.fillStyle = colors.alarm;
  context.font = `600 12px ${colors.font}`;
  context.textAlign = place > right - 60 ? 'right' : 'left';
  context.fillText('NaN or ∞', place + (place > right - 60 ? -6 : 6), MARGIN.top + 12);
}

function paintEpochs({ context, x, y }, curve, { color, dashed, stepOf }) {
  const places = curve.to.map((epoch, at) => ({ x: x(stepOf(epoch)), y: y(curve.mean[at]) }));
  context.lineWidth = 2.25;
  context.setLineDash(dashed ? [7, 4] : []);
  const pieces = split(places, (place) => Number.isFinite(place.y));
  for (const piece of pieces) stroke(context, color, piece.map((place) => [place.x, place.y]));
  context.setLineDash([]);
  if (places.length > 60) return;
  for (const place of pieces.flat()) dot(context, { ...place, radius: 3.5, color });
}

/** Runs of neighbours that hold. */
function split(items, holds) {
  const pieces = [];
  let piece = null;
  for (const item of items) {
    if (!holds(item)) piece = null;
    else if (piece === null) pieces.push((piece = [item]));
    else piece.push(item);
  }
  return pieces;
}

function stroke(context, color, places) {
  context.strokeStyle = color;
  context.beginPath();
  for (const [x, y] of places) context.lineTo(x, y);
  context.stroke();
}

function dot(context, { x, y, radius, color, hole }) {
  if (!Number.isFinite(y)) return;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = hole ?? color;
  context.fill();
  if (hole === undefined) return;
  context.strokeStyle = color;
  context.lineWidth = 1.5;
  context.stroke();
}

/**
 * @param {'exact'} [match] a neighbour will not do: an epoch that is not over has no value
 * @returns {string} the value at a step or epoch, with the range of its bucket; the last without one; a dash for none
 */
function valueAt(curve, at, format, match) {
  if (curve === null || curve.length === 0) return '–';
  if (at === null) return format(curve.last);
  const index = curve.nearest(at);
  if (match === 'exact' && (at < curve.from[index] || at > curve.to[index])) return '–';
  if (curve.nan[index] === curve.count[index]) return 'NaN';
  const [min, max] = [curve.min[index], curve.max[index]];
  return min === max ? format(min) : `${format(min)} to ${format(max)}${curve.nan[index] > 0 ? ', NaN' : ''}`;
}

function colorsOf(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(name).trim();
  return { train: read('--train'), validation: read('--validation'), grid: read('--grid'), axis: read('--axis'), muted: read('--muted'), panel: read('--panel'), alarm: read('--failed'), font: style.fontFamily };
}

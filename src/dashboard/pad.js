// A pad to draw a digit on, and what a run's model makes of it. Before it is sent, the drawing is fitted as
// MNIST's digits were: into a box of 20 pixels, its centre of mass in the middle of 28 by 28.
import { request } from './api.js';
import { el, setText } from './format.js';

const SIZE = 280;
const GRID = 28;
const BOX = 20;
const PEN = 24;
const ASK_AFTER_MS = 60;

export class DigitPad {
  #runId = null;
  #surface;
  #context;
  #sight;
  #nib = el('i', { class: 'nib', 'aria-hidden': 'true', hidden: true });
  #place;
  #status;
  #bars;
  #cursor = { x: SIZE / 2, y: SIZE / 2, down: false };
  #last = null;
  #asking = false;
  #dirty = false;
  #timer = null;

  /**
   * Fills an element.
   * @param {HTMLElement} place
   * @param {readonly string[]} labels of the model's classes, by index
   */
  constructor(place, labels) {
    this.#surface = el('canvas', { width: SIZE, height: SIZE, class: 'pad', tabindex: '0', role: 'img', 'aria-label': 'Drawing pad. Draw with the pointer; or with the arrow keys, Space to lower and lift the pen, Delete to clear.' });
    this.#context = this.#surface.getContext('2d', { willReadFrequently: true });
    this.#sight = el('canvas', { width: GRID, height: GRID, class: 'sight', 'aria-hidden': 'true' });
    this.#status = el('p', { class: 'verdict', role: 'status' });
    this.#bars = labels.map((label) => {
      const value = el('span', { class: 'share' });
      const bar = el('span', { class: 'bar' }, el('i'));
      const row = el('li', {}, el('b', {}, label), bar, value);
      return { row, label, fill: bar.firstChild, value };
    });
    this.#place = place;
    place.replaceChildren(
      el('div', { class: 'paper' }, el('div', { class: 'sheet' }, this.#surface, this.#nib),
        el('div', { class: 'under' }, this.#sight, el('span', { class: 'hint' }, 'what the model sees'), el('button', { type: 'button', class: 'quiet', onclick: () => this.clear() }, 'Clear'))),
      el('div', { class: 'answer' }, this.#status, el('ol', { class: 'bars', 'aria-label': 'Probability of each label' }, ...this.#bars.map(({ row }) => row))),
    );
    this.#listen();
    this.clear();
  }

  /** @param {string|null} runId whose model answers; null while there is none */
  setRun(runId) {
    if (this.#runId === runId) return;
    this.#runId = runId;
    this.clear();
  }

  clear() {
    this.#context.fillStyle = '#000';
    this.#context.fillRect(0, 0, SIZE, SIZE);
    this.#dirty = false;
    this.#cursor.down = false;
    this.#show(null);
    this.#paintSight(null);
  }

  #listen() {
    const surface = this.#surface;
    const placeOf = (event) => ({ x: (event.offsetX / surface.clientWidth) * SIZE, y: (event.offsetY / surface.clientHeight) * SIZE });
    surface.addEventListener('pointerdown', (event) => {
      surface.setPointerCapture(event.pointerId);
      this.#last = placeOf(event);
      this.#draw(this.#last);
    });
    surface.addEventListener('pointermove', (event) => {
      if (this.#last === null) return;
      for (const part of event.getCoalescedEvents?.() ?? [event]) this.#draw(placeOf(part));
      this.#draw(placeOf(event));
    });
    for (const end of ['pointerup', 'pointercancel']) surface.addEventListener(end, () => {
      this.#last = null;
    });
    surface.addEventListener('keydown', (event) => {
      const step = SIZE / GRID;
      const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      const cursor = this.#cursor;
      if (move === undefined && event.key !== ' ' && event.key !== 'Delete') return;
      event.preventDefault();
      if (event.key === 'Delete') return this.clear();
      if (event.key === ' ') cursor.down = !cursor.down;
      const before = { x: cursor.x, y: cursor.y };
      if (move !== undefined) {
        cursor.x = Math.min(SIZE - step, Math.max(step, cursor.x + move[0]));
        cursor.y = Math.min(SIZE - step, Math.max(step, cursor.y + move[1]));
      }
      if (cursor.down) {
        this.#last = before;
        this.#draw(cursor);
      }
      this.#last = null;
      this.#nib.hidden = false;
      this.#nib.classList.toggle('down', cursor.down);
      Object.assign(this.#nib.style, { left: `${(cursor.x / SIZE) * 100}%`, top: `${(cursor.y / SIZE) * 100}%` });
    });
    for (const away of ['blur', 'pointerdown']) surface.addEventListener(away, () => {
      this.#nib.hidden = true;
    });
  }

  #draw(to) {
    const context = this.#context;
    Object.assign(context, { strokeStyle: '#fff', lineWidth: PEN, lineCap: 'round', lineJoin: 'round' });
    context.beginPath();
    context.moveTo(this.#last.x, this.#last.y);
    context.lineTo(to.x + 0.01, to.y);
    context.stroke();
    this.#last = { x: to.x, y: to.y };
    this.#dirty = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), ASK_AFTER_MS);
  }

  /** One question at a time; a drawing that went on meanwhile is asked about again. */
  async #ask() {
    if (this.#asking || !this.#dirty || this.#runId === null) return;
    const pixels = this.#pixels();
    if (pixels === null) return;
    this.#asking = true;
    this.#dirty = false;
    const runId = this.#runId;
    try {
      const { predictions } = await request(`v1/runs/${runId}/predict`, { json: { instances: [pixels] } });
      // Cleared, or another run, while the answer was on its way.
      if (runId === this.#runId && this.#bounds() !== null) this.#show(predictions[0].probabilities ?? []);
    } catch (error) {
      if (runId !== this.#runId) return;
      this.#show(null);
      setText(this.#status, error.message);
    } finally {
      this.#asking = false;
    }
    if (this.#dirty) void this.#ask();
  }

  /** The drawing as `[28][28]` from 0 to 255, fitted and centred; null when there is none. */
  #pixels() {
    const ink = this.#bounds();
    if (ink === null) return null;
    const scale = BOX / Math.max(ink.width, ink.height);
    const small = document.createElement('canvas');
    small.width = small.height = GRID;
    const context = small.getContext('2d', { willReadFrequently: true });
    const fit = (dx, dy) => {
      context.fillStyle = '#000';
      context.fillRect(0, 0, GRID, GRID);
      context.imageSmoothingQuality = 'high';
      const [width, height] = [ink.width * scale, ink.height * scale];
      context.drawImage(this.#surface, ink.x, ink.y, ink.width, ink.height, (GRID - width) / 2 + dx, (GRID - height) / 2 + dy, width, height);
      const { data } = context.getImageData(0, 0, GRID, GRID);
      return Array.from({ length: GRID }, (_, row) => Array.from({ length: GRID }, (_, column) => data[(row * GRID + column) * 4]));
    };
    const centre = massCentre(fit(0, 0));
    const pixels = fit(Math.round((GRID - 1) / 2 - centre.x), Math.round((GRID - 1) / 2 - centre.y));
    this.#paintSight(small);
    return pixels;
  }

  /** The box around what is drawn; null when nothing is. */
  #bounds() {
    const { data } = this.#context.getImageData(0, 0, SIZE, SIZE);
    let [left, top, right, bottom] = [SIZE, SIZE, -1, -1];
    for (let at = 0; at < SIZE * SIZE; at += 1) {
      if (data[at * 4] < 32) continue;
      const [x, y] = [at % SIZE, Math.floor(at / SIZE)];
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
    return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  }

  #paintSight(image) {
    const context = this.#sight.getContext('2d');
    context.fillStyle = '#000';
    context.fillRect(0, 0, GRID, GRID);
    if (image !== null) context.drawImage(image, 0, 0);
  }

  #show(probabilities) {
    const best = probabilities === null ? -1 : probabilities.indexOf(Math.max(...probabilities));
    this.#bars.forEach(({ row, fill, value }, index) => {
      const share = probabilities?.[index] ?? 0;
      row.classList.toggle('best', index === best);
      fill.style.transform = `scaleX(${share})`;
      setText(value, probabilities === null ? '' : `${(share * 100).toFixed(1)} %`);
    });
    this.#status.classList.toggle('sure', best >= 0);
    this.#place.classList.toggle('off', this.#runId === null);
    if (best >= 0) setText(this.#status, `It says ${this.#bars[best].label}.`);
    else setText(this.#status, this.#runId === null ? 'The model can be asked once the run has succeeded.' : 'Draw a digit.');
  }
}

/** Where the middle of the ink is, in pixels. */
function massCentre(pixels) {
  let [sum, x, y] = [0, 0, 0];
  pixels.forEach((row, atY) => row.forEach((value, atX) => {
    sum += value;
    x += value * atX;
    y += value * atY;
  }));
  return sum === 0 ? { x: (GRID - 1) / 2, y: (GRID - 1) / 2 } : { x: x / sum, y: y / sum };
}

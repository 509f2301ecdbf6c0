// A drawing, white on black, and how a model is shown it: fitted as MNIST's digits were, into a box of 20 pixels, its
// centre of mass in the middle of 28 by 28.
import { GRID } from './grid.js';

export const SIZE = 280;
const BOX = 20;
const PEN = 24;
const LEAST_INK = 32;

export interface Point {
  x: number;
  y: number;
}

interface Bounds extends Point {
  width: number;
  height: number;
}

export class Drawing {
  readonly #context: CanvasRenderingContext2D;

  /** Of SIZE by SIZE pixels. */
  constructor(readonly canvas: HTMLCanvasElement) {
    this.#context = canvas.getContext('2d', { willReadFrequently: true })!;
    this.clear();
  }

  clear(): void {
    this.#context.fillStyle = '#000';
    this.#context.fillRect(0, 0, SIZE, SIZE);
  }

  line(from: Point, to: Point): void {
    const context = this.#context;
    Object.assign(context, { strokeStyle: '#fff', lineWidth: PEN, lineCap: 'round', lineJoin: 'round' });
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x + 0.01, to.y);
    context.stroke();
  }

  /** A picture of 28 by 28, row-major, 0 to 255, instead of what was drawn. One can draw on it. */
  show(pixels: ArrayLike<number>): void {
    const { canvas, context } = gridCanvas();
    const image = context.createImageData(GRID, GRID);
    for (let at = 0; at < GRID * GRID; at += 1) image.data.set([pixels[at]!, pixels[at]!, pixels[at]!, 255], at * 4);
    context.putImageData(image, 0, 0);
    this.#context.imageSmoothingEnabled = false;
    this.#context.drawImage(canvas, 0, 0, SIZE, SIZE);
    this.#context.imageSmoothingEnabled = true;
  }

  /** `[28][28]` from 0 to 255, fitted and centred, and painted on `sight`; null when nothing is drawn. */
  pixels(sight: CanvasRenderingContext2D): number[][] | null {
    const ink = this.#bounds();
    if (ink === null) return null;
    const { canvas: small, context } = gridCanvas();
    const centre = massCentre(this.#fit(context, ink, { x: 0, y: 0 }));
    const pixels = this.#fit(context, ink, { x: Math.round((GRID - 1) / 2 - centre.x), y: Math.round((GRID - 1) / 2 - centre.y) });
    sight.drawImage(small, 0, 0);
    return pixels;
  }

  #fit(context: CanvasRenderingContext2D, ink: Bounds, shift: Point): number[][] {
    const scale = BOX / Math.max(ink.width, ink.height);
    const [width, height] = [ink.width * scale, ink.height * scale];
    context.fillStyle = '#000';
    context.fillRect(0, 0, GRID, GRID);
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.canvas, ink.x, ink.y, ink.width, ink.height, (GRID - width) / 2 + shift.x, (GRID - height) / 2 + shift.y, width, height);
    const { data } = context.getImageData(0, 0, GRID, GRID);
    return Array.from({ length: GRID }, (_, row) => Array.from({ length: GRID }, (_, column) => data[(row * GRID + column) * 4]!));
  }

  /** The box around what is drawn; null when nothing is. */
  #bounds(): Bounds | null {
    const { data } = this.#context.getImageData(0, 0, SIZE, SIZE);
    let [left, top, right, bottom] = [SIZE, SIZE, -1, -1];
    for (let at = 0; at < SIZE * SIZE; at += 1) {
      if (data[at * 4]! < LEAST_INK) continue;
      const [x, y] = [at % SIZE, Math.floor(at / SIZE)];
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
    return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  }
}

function gridCanvas(): { canvas: HTMLCanvasElement; context: CanvasRenderingContext2D } {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = GRID;
  return { canvas, context: canvas.getContext('2d', { willReadFrequently: true })! };
}

/** Where the middle of the ink is, in pixels. */
function massCentre(pixels: readonly (readonly number[])[]): Point {
  let [sum, x, y] = [0, 0, 0];
  pixels.forEach((row, atY) => row.forEach((value, atX) => {
    sum += value;
    x += value * atX;
    y += value * atY;
  }));
  return sum === 0 ? { x: (GRID - 1) / 2, y: (GRID - 1) / 2 } : { x: x / sum, y: y / sum };
}

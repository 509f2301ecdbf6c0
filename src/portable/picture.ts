// A decoded picture as a model's input: in the model's colours and size, bright on dark.
import type { Inversion } from '../schemas/ipc.js';
import { borderMeans, fit, type Pixels } from './pixels.js';

/** A phone's photo has 12 to 16 million. */
export const MAX_PIXELS = 16_777_216;

export interface PictureShape {
  height: number;
  width: number;
  channels: 1 | 3;
}

/** `rgba` is row-major `[height, width, 4]`, 0 to 255, its colours not multiplied by their alpha. */
export interface RgbaPicture {
  rgba: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

/** The axes of a model that takes pictures; null when it takes something else. */
export function pictureShape(inputShape: readonly number[]): PictureShape | null {
  const [height, width, channels = 1, ...rest] = inputShape;
  if (height === undefined || width === undefined || rest.length > 0 || (channels !== 1 && channels !== 3)) return null;
  return { height, width, channels };
}

/**
 * Raw values 0 to 255, row-major `[height, width, channels]`. Transparent parts are taken as white; one channel
 * is the luma of ITU-R BT.601. `turned` sets upright what a camera stored as its sensor saw it.
 */
export function pictureToInput({ rgba, width, height }: RgbaPicture, shape: PictureShape, { invert, turned = (pixels) => pixels }: { invert: Inversion; turned?: (pixels: Pixels) => Pixels }): Float32Array {
  const stored: Pixels = { width, height, channels: shape.channels, data: shape.channels === 1 ? grey(rgba) : colours(rgba) };
  const { data } = fit(turned(stored), shape);
  return isInverted(stored, invert) ? data.map((value) => 255 - value) : data;
}

type Bytes = RgbaPicture['rgba'];

/** Over white. */
function blended(rgba: Bytes, at: number, channel: number): number {
  const value = rgba[at + channel] ?? 0;
  const alpha = rgba[at + 3] ?? 255;
  return alpha === 255 ? value : (value * alpha + 255 * (255 - alpha)) / 255;
}

function grey(rgba: Bytes): Float32Array {
  const out = new Float32Array(rgba.length / 4);
  for (let pixel = 0; pixel < out.length; pixel += 1) {
    const at = pixel * 4;
    out[pixel] = (299 * blended(rgba, at, 0) + 587 * blended(rgba, at, 1) + 114 * blended(rgba, at, 2)) / 1000;
  }
  return out;
}

function colours(rgba: Bytes): Float32Array {
  const out = new Float32Array((rgba.length / 4) * 3);
  for (let pixel = 0; pixel * 4 < rgba.length; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) out[pixel * 3 + channel] = blended(rgba, pixel * 4, channel);
  }
  return out;
}

function isInverted(stored: Pixels, invert: Inversion): boolean {
  if (invert !== 'auto') return invert === 'true';
  return stored.channels === 1 && (borderMeans(stored)[0] ?? 0) > 127.5;
}

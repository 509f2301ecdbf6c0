// Numbers as colours: nothing is the ground, what is positive and what is negative each have a colour of their own.
import type { Planes } from './messages.js';

export type Rgb = readonly [number, number, number];

export interface MapColors {
  zero: Rgb;
  positive: Rgb;
  negative: Rgb;
}

/** Of `#rrggbb`. */
export function rgbOf(color: string): Rgb {
  const number = Number.parseInt(color.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

/** The greatest size among the numbers that are finite; 0 where there is none. */
export function greatest(values: Float32Array): number {
  let most = 0;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most;
}

/** RGBA of all planes, one below the other: `[count * height, width, 4]`. What is no finite number stays transparent. */
export function paintPlanes({ height, width, count, values }: Planes, { zero, positive, negative }: MapColors): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(count * height * width * 4);
  const most = greatest(values) || 1;
  for (let plane = 0; plane < count; plane += 1) {
    for (let pixel = 0; pixel < height * width; pixel += 1) {
      const value = values[pixel * count + plane]!;
      if (!Number.isFinite(value)) continue;
      const share = Math.abs(value) / most;
      const full = value < 0 ? negative : positive;
      const at = (plane * height * width + pixel) * 4;
      for (let part = 0; part < 3; part += 1) rgba[at + part] = zero[part]! + (full[part]! - zero[part]!) * share;
      rgba[at + 3] = 255;
    }
  }
  return rgba;
}

export interface Tiling {
  columns: number;
  rows: number;
  /** Of one tile, in CSS pixels. */
  width: number;
  height: number;
  /** Of all. */
  totalHeight: number;
}

export const GAP = 4;

/** How tiles lie in a width: whole multiples of their numbers, about `size` wide. */
export function tile({ count, width, height }: Pick<Planes, 'count' | 'width' | 'height'>, { space, size }: { space: number; size: number }): Tiling {
  const scale = Math.max(1, Math.round(size / Math.max(width, height)));
  const columns = Math.max(1, Math.min(count, Math.floor((space + GAP) / (width * scale + GAP))));
  const rows = Math.ceil(count / columns);
  return { columns, rows, width: width * scale, height: height * scale, totalHeight: rows * (height * scale + GAP) - GAP };
}

/** The size at which all lie in so much room, as large as it goes from `least` to `most`. */
export function sizeThatFits(planes: Pick<Planes, 'count' | 'width' | 'height'>, { space, height, least, most }: { space: number; height: number; least: number; most: number }): number {
  let size = most;
  while (size > least && tile(planes, { space, size }).totalHeight > height) size -= 1;
  return size;
}

/** Which of `count` is the greatest, from 1; null where none is above 0. By the mean over its plane. */
export function strongest({ height, width, count, values }: Planes): number | null {
  const sums = new Float64Array(count);
  for (let at = 0; at < height * width * count; at += 1) sums[at % count]! += values[at]!;
  const most = Math.max(...sums);
  return most > 0 ? sums.indexOf(most) + 1 : null;
}

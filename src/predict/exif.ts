// How a camera was held: the Orientation tag of a JPEG's Exif block (TIFF 6.0 layout), and turning a picture
// by it. Phones store every photo as their sensor sees it.
import type { Pixels } from '../portable/pixels.js';

const ORIENTATION = 0x0112;

/** 1 to 8 as in Exif; 1, upright, when the block says nothing. `exif` begins with `Exif\0`, or with the TIFF header. */
export function orientationOf(exif: Uint8Array | undefined): number {
  if (exif === undefined) return 1;
  const bytes = Buffer.from(exif.buffer, exif.byteOffset, exif.byteLength);
  const tiff = bytes.subarray(Math.max(0, tiffStart(bytes)));
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number) => (at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at: number) => (at + 4 > tiff.length ? 0 : little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  if (u16(2) !== 42) return 1;
  const directory = u32(4);
  for (let entry = 0; entry < u16(directory); entry += 1) {
    const at = directory + 2 + entry * 12;
    if (u16(at) !== ORIENTATION) continue;
    const value = u16(at + 8);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

function tiffStart(bytes: Buffer): number {
  const starts = [bytes.indexOf('II*\0', 0, 'latin1'), bytes.indexOf('MM\0*', 0, 'latin1')].filter((at) => at >= 0);
  return starts.length === 0 ? -1 : Math.min(...starts);
}

/** The picture as it was meant. */
export function upright(pixels: Pixels, orientation: number): Pixels {
  if (orientation === 1) return pixels;
  const { channels, data } = pixels;
  const swaps = orientation >= 5;
  const width = swaps ? pixels.height : pixels.width;
  const height = swaps ? pixels.width : pixels.height;
  const mirrorsX = [2, 3, 7, 8].includes(orientation);
  const mirrorsY = [3, 4, 6, 7].includes(orientation);
  const out = new Float32Array(data.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      // Where the stored picture has this pixel.
      const [u, v] = swaps ? [y, x] : [x, y];
      const fromX = mirrorsX ? pixels.width - 1 - u : u;
      const fromY = mirrorsY ? pixels.height - 1 - v : v;
      const from = (fromY * pixels.width + fromX) * channels;
      out.set(data.subarray(from, from + channels), (y * width + x) * channels);
    }
  }
  return { width, height, channels, data: out };
}

// An uploaded picture as a model's input: decoded, upright, in the model's colours and size. Runs in the
// predictor process, because decoding takes long and its libraries are not to be trusted with the API's memory.
import { inflateSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { MAX_PIXELS, pictureShape, pictureToInput } from '../portable/picture.js';
import type { Inversion } from '../schemas/ipc.js';
import { orientationOf, upright } from './exif.js';
import { readImageHeader } from './image-header.js';

/** The file is no picture that can be read. The message is for its sender. */
export class ImageError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ImageError';
  }
}

/** Raw values 0 to 255, row-major `[height, width, channels]`. @throws ImageError */
export function imageToInput(bytes: Uint8Array, { inputShape, invert }: { inputShape: readonly number[]; invert: Inversion }): Float32Array {
  const shape = pictureShape(inputShape);
  if (shape === null) throw new ImageError(`The model takes [${inputShape.join(', ')}], which is no picture.`);
  const { orientation, ...picture } = decode(bytes);
  return pictureToInput(picture, shape, { invert, turned: (pixels) => upright(pixels, orientation) });
}

/** @throws ImageError */
function decode(bytes: Uint8Array): { rgba: Uint8Array; width: number; height: number; orientation: number } {
  const header = readImageHeader(bytes);
  if (header === null) throw new ImageError('The file is neither a PNG nor a JPEG.');
  if (header.width * header.height > MAX_PIXELS) throw new ImageError(`The image has over ${MAX_PIXELS} pixels.`);
  try {
    if (header.type === 'jpeg') {
      const { data, width, height, exifBuffer } = jpeg.decode(bytes, { useTArray: true, maxResolutionInMP: MAX_PIXELS / 1e6, maxMemoryUsageInMB: 512 }) as Decoded;
      return { rgba: data, width, height, orientation: orientationOf(exifBuffer) };
    }
    checkPixelData(bytes, header);
    const { data, width, height } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return { rgba: data, width, height, orientation: 1 };
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError(`The ${header.type === 'png' ? 'PNG' : 'JPEG'} is damaged.`, error);
  }
}

/** jpeg-js' types leave the Exif block out. */
interface Decoded {
  width: number;
  height: number;
  data: Uint8Array;
  exifBuffer?: Uint8Array;
}

/** pngjs inflates an interlaced picture without a bound, however small it says it is, and fills up what is missing. */
function checkPixelData(png: Uint8Array, { width, height }: { width: number; height: number }): void {
  const data = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  const parts: Buffer[] = [];
  for (let at = 8; at + 12 <= data.length; at += 12 + data.readUInt32BE(at)) {
    if (data.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(data.subarray(at + 8, at + 8 + data.readUInt32BE(at)));
  }
  // At most 4 channels of 16 bits, and a filter byte for each row of the seven passes.
  const { length } = inflateSync(Buffer.concat(parts), { maxOutputLength: width * height * 8 + height * 8 + 64 });
  if (length < leastBytes(data, { width, height })) throw new ImageError('The PNG is damaged: pixels are missing.');
}

/** Samples of a pixel, by colour type: https://www.w3.org/TR/png-3/#3colourType. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Of a picture's rows, with a filter byte each, as they are before the compression; of an interlaced one, of its pixels alone. */
function leastBytes(png: Buffer, { width, height }: { width: number; height: number }): number {
  const [depth, colourType, isInterlaced] = [png[24] ?? 0, png[25] ?? 0, png[28] !== 0];
  const rowBits = width * depth * (SAMPLES[colourType] ?? 0);
  return isInterlaced ? Math.ceil((height * rowBits) / 8) : height * (Math.ceil(rowBits / 8) + 1);
}

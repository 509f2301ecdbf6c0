// A picture that somebody chose, prepared as the service prepares those that it is sent.
import { MAX_PIXELS, pictureToInput } from '../../../portable/picture.js';
import { GRID } from '../../ui/grid.js';

export const PICTURE_TYPES = ['image/png', 'image/jpeg'];

/** Row-major `[28, 28]`, 0 to 255, bright on dark. @throws Error for people */
export async function readPicture(file: Blob): Promise<Float32Array> {
  if (!PICTURE_TYPES.includes(file.type)) throw new Error('That is neither a PNG nor a JPEG.');
  // Upright by what its camera noted; in the colours that are written in it.
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none' }).catch(() => {
    throw new Error('That picture is damaged.');
  });
  try {
    const { width, height } = bitmap;
    if (width * height > MAX_PIXELS) throw new Error('That picture is too large: over 16 million pixels.');
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return pictureToInput({ rgba: data, width, height }, { height: GRID, width: GRID, channels: 1 }, { invert: 'auto' });
  } finally {
    bitmap.close();
  }
}

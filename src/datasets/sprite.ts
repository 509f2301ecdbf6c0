// Many pictures of one size as a single one.
import { PNG } from 'pngjs';

/** Pictures in a row of the sprite. */
export const SPRITE_COLUMNS = 10;

/** PNG's colour type of pixels with so many channels: https://www.w3.org/TR/png-3/#3colourType. */
const COLOUR_TYPES: Readonly<Record<number, 0 | 2 | 6>> = { 1: 0, 3: 2, 4: 6 };

/**
 * A PNG of all pictures, from left to right and from top to bottom, ten in a row; what is left of the last row is 0.
 * @param pictures at least one; bytes of `[height, width, channels]`, row-major
 * @throws RangeError when channels are not 1 (grey), 3 (RGB) or 4 (RGBA)
 */
export function encodeSprite(pictures: readonly Uint8Array[], [height = 0, width = 0, channels = 0]: readonly number[]): Buffer {
  const colorType = COLOUR_TYPES[channels];
  if (colorType === undefined) throw new RangeError(`a picture of ${channels} channels is no PNG`);
  const columns = Math.min(pictures.length, SPRITE_COLUMNS);
  const sprite = new PNG({ width: columns * width, height: Math.ceil(pictures.length / columns) * height });
  const line = width * channels;
  sprite.data = Buffer.alloc(sprite.width * sprite.height * channels);
  pictures.forEach((picture, index) => {
    const [left, top] = [(index % columns) * line, Math.floor(index / columns) * height];
    for (let y = 0; y < height; y++) sprite.data.set(picture.subarray(y * line, (y + 1) * line), (top + y) * columns * line + left);
  });
  return PNG.sync.write(sprite, { colorType, inputColorType: colorType, inputHasAlpha: colorType === 6 });
}

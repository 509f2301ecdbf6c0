import { PNG } from 'pngjs';
import t from 'tap';
import { encodeSprite, SPRITE_COLUMNS } from '../../../src/datasets/sprite.js';

/** `[2, 3, channels]`, every byte another one. */
const picture = (from: number, channels: number) => Uint8Array.from({ length: 6 * channels }, (_, i) => from + i);

t.test('a picture alone is itself', async (t) => {
  const { width, height, data } = PNG.sync.read(encodeSprite([picture(10, 1)], [2, 3, 1]));
  t.same([width, height], [3, 2]);
  t.same([...data].filter((_, at) => at % 4 === 0), [10, 11, 12, 13, 14, 15], 'grey, from left to right and top to bottom');
  const coloured = PNG.sync.read(encodeSprite([picture(10, 3)], [2, 3, 3]));
  t.same([...coloured.data].filter((_, at) => at % 4 !== 3), [...picture(10, 3)], 'in colours');
  t.same([...PNG.sync.read(encodeSprite([picture(10, 4)], [2, 3, 4])).data], [...picture(10, 4)], 'with its transparency');
});

t.test('several are tiles, ten in a row', async (t) => {
  const pictures = Array.from({ length: 12 }, (_, i) => new Uint8Array(6).fill(i + 1));
  const { width, height, data } = PNG.sync.read(encodeSprite(pictures, [2, 3, 1]));
  t.same([width, height, SPRITE_COLUMNS], [30, 4, 10]);
  const at = (x: number, y: number) => data[(y * width + x) * 4];
  for (const [index, one] of pictures.entries()) {
    const [left, top] = [(index % 10) * 3, Math.floor(index / 10) * 2];
    t.same([at(left, top), at(left + 2, top + 1)], [one[0], one[0]], `the tile of ${index}`);
  }
  t.equal(at(29, 3), 0, 'what is left is 0');
  t.throws(() => encodeSprite([picture(0, 2)], [2, 3, 2]), RangeError, 'two channels are no picture');
});

import t from 'tap';
import { parseIdx } from '../../../src/datasets/idx.js';

const file = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
const matrix = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];

t.test('an IDX file has a shape and row-major bytes', async (t) => {
  const bytes = file(...matrix);
  const { shape, data } = parseIdx(bytes);
  t.same(shape, [2, 3], 'its shape is big-endian');
  t.same([...data], [1, 2, 3, 4, 5, 6], 'its bytes follow the header');
  t.equal(data.buffer, bytes.buffer, 'without a copy');
  t.same(parseIdx(bytes.subarray(0)).shape, [2, 3], 'also when it is a view');
  const within = file(9, 9, ...matrix).subarray(2);
  t.same([...parseIdx(within).data], [1, 2, 3, 4, 5, 6], 'or lies within a larger buffer');
});

t.test('what is no IDX file of bytes is refused', async (t) => {
  t.throws(() => parseIdx(file(31, 139, 8, 0)), /does not start with two zero bytes/, 'a gzip file');
  t.throws(() => parseIdx(file(0, 0)), /not an IDX file/, 'too short for anything');
  t.throws(() => parseIdx(file(0, 0, 13, 1, 0, 0, 0, 0)), /type 0xd/, 'floats');
  t.throws(() => parseIdx(file(0, 0, 8, 2, 0, 0, 0, 2)), /header is cut off: 8 bytes of 12/, 'half a header');
  t.throws(() => parseIdx(file(...matrix.slice(0, -1))), /need 18 bytes, but the file has 17/, 'a byte too few');
  t.throws(() => parseIdx(file(...matrix, 7)), /has 19/, 'a byte too many');
});

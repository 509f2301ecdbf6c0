// Pictures as model input: sizes, colours, negatives, and files that are broken or bombs.
import { deflateSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import t from 'tap';
import { orientationOf, upright } from '../../../src/predict/exif.js';
import { ImageError, imageToInput } from '../../../src/predict/image.js';
import { readImageHeader } from '../../../src/predict/image-header.js';
import { pictureShape } from '../../../src/portable/picture.js';
import { fit, resize, type Pixels } from '../../../src/portable/pixels.js';

type Rgba = [number, number, number, number];

function rgbaOf({ width, height }: { width: number; height: number }, colour: (x: number, y: number) => Rgba): Buffer {
  return Buffer.from(Array.from({ length: width * height }, (_, index) => colour(index % width, Math.floor(index / width))).flat());
}

function png(size: { width: number; height: number }, colour: (x: number, y: number) => Rgba): Buffer {
  const image = new PNG(size);
  image.data = rgbaOf(size, colour);
  return PNG.sync.write(image);
}

const grey = (value: number): Rgba => [value, value, value, 255];

t.test('a grey PNG of the right size arrives as it is', async (t) => {
  const pattern = (x: number, y: number) => (x * 7 + y * 28) % 120;
  const values = imageToInput(png({ width: 28, height: 28 }, (x, y) => grey(pattern(x, y))), { inputShape: [28, 28, 1], invert: 'auto' });
  t.same([...values], Array.from({ length: 784 }, (_, index) => pattern(index % 28, Math.floor(index / 28))), 'pixel by pixel');
});

t.test('ink on paper becomes the negative, unless it is asked otherwise', async (t) => {
  const ink = png({ width: 4, height: 4 }, (x, y) => grey(x === 1 && y === 1 ? 10 : 250));
  const options = { inputShape: [4, 4, 1], invert: 'auto' as const };
  const values = imageToInput(ink, options);
  t.equal(values[5], 245, 'the ink is bright');
  t.equal(values[0], 5, 'the paper is dark');
  t.equal(imageToInput(ink, { ...options, invert: 'false' })[5], 10, '"false" leaves it');
  const chalk = png({ width: 4, height: 4 }, () => grey(3));
  t.equal(imageToInput(chalk, options)[0], 3, 'what is white on black stays');
  t.equal(imageToInput(chalk, { ...options, invert: 'true' })[0], 252, '"true" turns it all the same');
  t.same([...imageToInput(ink, { inputShape: [4, 4, 3], invert: 'auto' }).slice(0, 3)], [250, 250, 250], 'pictures in colour are never turned unasked');
});

t.test('colours', async (t) => {
  const red = png({ width: 2, height: 2 }, () => [200, 0, 0, 255]);
  t.equal(imageToInput(red, { inputShape: [2, 2, 1], invert: 'false' })[0]?.toFixed(3), '59.800', 'one channel is the luma');
  t.same([...imageToInput(red, { inputShape: [2, 2, 3], invert: 'false' }).slice(0, 3)], [200, 0, 0], 'three are red, green and blue');
  const glass = png({ width: 2, height: 2 }, () => [0, 0, 0, 51]);
  t.equal(imageToInput(glass, { inputShape: [2, 2], invert: 'false' })[0], 204, 'transparent parts are over white');
});

t.test('sizes', async (t) => {
  const checker = png({ width: 64, height: 64 }, (x, y) => grey((x + y) % 2 === 0 ? 0 : 200));
  const small = imageToInput(checker, { inputShape: [8, 8, 1], invert: 'false' });
  t.ok(small.every((value) => Math.abs(value - 100) < 2), 'shrinking counts every pixel');
  const wide = imageToInput(png({ width: 8, height: 4 }, (x, y) => grey(x > 0 && x < 7 && y > 0 && y < 3 ? 255 : 0)), { inputShape: [8, 8, 1], invert: 'false' });
  t.same([wide[0], wide[2 * 8], wide[3 * 8 + 3], wide[6 * 8 + 3]], [0, 0, 255, 0], 'proportions are kept, with the border around');
  const up: Pixels = resize({ width: 2, height: 1, channels: 1, data: Float32Array.of(0, 100) }, { width: 4, height: 1 });
  t.same([...up.data], [0, 25, 75, 100], 'enlarging is bilinear');
  const same = fit({ width: 2, height: 2, channels: 1, data: Float32Array.of(1, 2, 3, 4) }, { width: 2, height: 2 });
  t.same([...same.data], [1, 2, 3, 4], 'the same size changes nothing');
});

t.test('a JPEG, and how the camera was held', async (t) => {
  const size = { width: 16, height: 8 };
  const left = rgbaOf(size, (x) => grey(x < 8 ? 220 : 20));
  const bytes = jpeg.encode({ ...size, data: left }, 95).data;
  const values = imageToInput(bytes, { inputShape: [8, 16, 1], invert: 'false' });
  t.ok((values[0] ?? 0) > 210 && (values[15] ?? 255) < 30, 'it is decoded');
  // Behind the start of the image: an Exif block that says 6, to be turned clockwise.
  const tiff = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0', 'latin1');
  const app1 = Buffer.concat([Buffer.from([0xff, 0xe1, 0, 2 + 6 + tiff.length]), Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const turned = imageToInput(Buffer.concat([bytes.subarray(0, 2), app1, bytes.subarray(2)]), { inputShape: [16, 8, 1], invert: 'false' });
  t.ok((turned[0] ?? 0) > 210 && (turned[7] ?? 0) > 210 && (turned[15 * 8] ?? 255) < 30, 'what was left is now on top');
});

t.test('the eight orientations', async (t) => {
  // 1 2    stored; as seen, row by row, for each orientation.
  // 3 4
  const stored: Pixels = { width: 2, height: 2, channels: 1, data: Float32Array.of(1, 2, 3, 4) };
  const seen = [[1, 2, 3, 4], [2, 1, 4, 3], [4, 3, 2, 1], [3, 4, 1, 2], [1, 3, 2, 4], [3, 1, 4, 2], [4, 2, 3, 1], [2, 4, 1, 3]];
  seen.forEach((values, index) => t.same([...upright(stored, index + 1).data], values, `orientation ${index + 1}`));
  t.same([upright({ ...stored, width: 4, height: 1 }, 6).width, orientationOf(undefined), orientationOf(Buffer.from('nonsense'))], [1, 1, 1], 'sides change places, and silence means upright');
});

t.test('what is no picture', async (t) => {
  const good = png({ width: 8, height: 8 }, (x) => grey(x));
  const options = { inputShape: [8, 8, 1], invert: 'auto' as const };
  t.throws(() => imageToInput(Buffer.from('hello'), options), ImageError, 'text');
  t.throws(() => imageToInput(good.subarray(0, good.length - 20), options), ImageError, 'a PNG that ends too early');
  t.throws(() => imageToInput(jpeg.encode({ width: 8, height: 8, data: Buffer.alloc(256) }).data.subarray(0, 30), options), ImageError, 'a JPEG that does');
  t.throws(() => imageToInput(good, { ...options, inputShape: [784] }), ImageError, 'a model that takes no pictures');
  t.equal(readImageHeader(Buffer.from([])), null);
  t.same([pictureShape([28, 28]), pictureShape([28, 28, 4]), pictureShape([784])], [{ height: 28, width: 28, channels: 1 }, null, null], 'which shapes are pictures');
});

/** CRC-32 as in PNG; Node has its own only from 20.15 on. */
function crc32(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A PNG file of the given header and inflated data. */
function rawPng({ width, height, interlaced }: { width: number; height: number; interlaced: boolean }, data: Buffer): Buffer {
  const chunk = (type: string, body: Buffer) => {
    const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
    const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(body.length);
    crc.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, crc]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, interlaced ? 1 : 0], 8);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(data)), chunk('IEND', Buffer.alloc(0))]);
}

t.test('a picture with missing pixels is damaged, however many are missing', async (t) => {
  const options = { inputShape: [8, 8, 1], invert: 'false' as const };
  const size = { width: 28, height: 28 };
  for (const length of [0, 1, 100, 29 * 28 - 1]) {
    t.throws(() => imageToInput(rawPng({ ...size, interlaced: false }, Buffer.alloc(length)), options), { name: 'ImageError', message: /damaged/ }, `${length} bytes`);
  }
  t.throws(() => imageToInput(rawPng({ ...size, interlaced: true }, Buffer.alloc(100)), options), { name: 'ImageError', message: /damaged/ }, 'also where rows come interlaced');
  t.equal(imageToInput(rawPng({ ...size, interlaced: false }, Buffer.alloc(29 * 28)), options).length, 64, 'all of them are a picture');
});

t.test('bombs', async (t) => {
  const options = { inputShape: [8, 8, 1], invert: 'auto' as const };
  const huge = rawPng({ width: 60_000, height: 60_000, interlaced: false }, Buffer.alloc(10));
  t.same(readImageHeader(huge), { type: 'png', width: 60_000, height: 60_000 }, 'the header tells the size without decoding');
  t.throws(() => imageToInput(huge, options), /over 16777216 pixels/, 'too many pixels are not decoded');
  const bomb = rawPng({ width: 8, height: 8, interlaced: true }, Buffer.alloc(64 * 1024 * 1024));
  const before = process.memoryUsage().arrayBuffers;
  t.throws(() => imageToInput(bomb, options), ImageError, 'nor is more data than the size allows');
  t.ok(process.memoryUsage().arrayBuffers - before < 8 * 1024 * 1024, 'and little memory was taken to find that out');
});

import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { DataFileError } from '../../../src/datasets/data-file-error.js';
import { loadMnist, mnistFolder, mnistRows } from '../../../src/datasets/mnist.js';
import { createDatasetPictures } from '../../../src/datasets/pictures.js';

t.test('MNIST comes out of its package', async (t) => {
  const { train, test, labels } = await loadMnist();
  t.same([train.count, train.shape, train.x.length, train.y.length], [60_000, [28, 28, 1], 60_000 * 784, 60_000], 'sixty thousand digits to train on');
  t.same([test.count, test.x.length, test.y.length], [10_000, 10_000 * 784, 10_000], 'ten thousand to test with');
  t.same([...train.y.subarray(0, 5)], [5, 0, 4, 1, 9], 'in the well-known order');
  t.same([...test.y.subarray(0, 5)], [7, 2, 1, 0, 4], 'of both files');
  t.same(labels, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], 'named by their digit');
  t.ok(train.x instanceof Uint8Array && train.x.includes(255) && train.x[0] === 0, 'paper is 0, ink 255');
});

t.test('single pictures are read where they lie', async (t) => {
  const { train, test } = await loadMnist();
  const pictures = createDatasetPictures();
  for (const [split, { x, count }] of Object.entries({ train, test }) as ['train' | 'test', typeof train][]) {
    const indices = [0, 17, count - 1, 17];
    const found = await pictures.read('mnist', split, indices);
    t.same(found.map((bytes) => Buffer.from(bytes)), indices.map((index) => Buffer.from(x.subarray(index * 784, (index + 1) * 784))), `of the ${split} digits, in the order asked for`);
  }
  await t.rejects(pictures.read('none', 'test', [0]), /cannot be read/, 'only of data sets that there are');

  const folder = t.testdir({});
  const path = join(folder, 't10k-images-idx3-ubyte');
  const rows = mnistRows('test', folder);
  await t.rejects(rows.read([0]), { name: 'DataFileError', message: /cannot be read \(ENOENT\)/ }, 'a file that is not there');
  await writeFile(path, Buffer.alloc(100));
  await t.rejects(rows.read([0]), { name: 'DataFileError', path, message: /is damaged: its SHA-256 is/ }, 'or another one');
  await copyFile(join(mnistFolder(), 't10k-images-idx3-ubyte'), path);
  t.equal((await rows.read([3]))[0]?.length, 784, 'until it is mended');
});

t.test('files that are missing or damaged are named', async (t) => {
  const folder = t.testdir({});
  const name = 'train-images-idx3-ubyte';
  await t.rejects(loadMnist(folder), { name: 'DataFileError', message: /cannot be read \(ENOENT\)/ }, 'a folder without them');
  for (const sound of ['train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']) await symlink(join(mnistFolder(), sound), join(folder, sound));
  await writeFile(join(folder, name), Buffer.alloc(100));
  await t.rejects(loadMnist(folder), { name: 'DataFileError', path: join(folder, name), message: /is damaged: its SHA-256 is/ }, 'one of other content');
  const other = join(folder, 'other');
  await mkdir(join(other, name), { recursive: true });
  await t.rejects(loadMnist(other), DataFileError, 'a folder in the place of a file');
});

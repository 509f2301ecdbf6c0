// The examples of data sets as they are stored, for who wants to look at some of them.
import type { Split } from '../schemas/dataset.js';
import type { BuiltInDataset } from './catalog.js';
import type { IdxRows } from './idx-rows.js';
import { mnistRows } from './mnist.js';

export interface DatasetPictures {
  /**
   * Bytes of the examples of a data set that is in the catalog, in the order of `indices`, which must be among those of
   * the split; each row-major `[height, width, channels]`.
   * @throws DataFileError
   */
  read(dataset: string, split: Split, indices: readonly number[]): Promise<Uint8Array[]>;
}

/** Where each data set has its pictures. */
const SOURCES: Readonly<Record<BuiltInDataset, (split: Split) => IdxRows>> = { mnist: mnistRows };

export function createDatasetPictures(): DatasetPictures {
  const sources = new Map<string, (split: Split) => IdxRows>(Object.entries(SOURCES));
  const opened = new Map<string, IdxRows>();
  return {
    async read(dataset, split, indices) {
      const key = `${dataset} ${split}`;
      const rows = opened.get(key) ?? sources.get(dataset)?.(split);
      if (rows === undefined) throw new Error(`the pictures of ${dataset} cannot be read`);
      opened.set(key, rows);
      return rows.read(indices);
    },
  };
}

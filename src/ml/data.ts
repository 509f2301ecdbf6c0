// Examples as the engines see them: views that split them, and the gathering of batches. Nothing here copies a data set.
import type { Affine } from '../portable/preprocessing.js';
import type { Split } from '../schemas/dataset.js';
import type { Examples } from './engines/engine.js';
import { elementsOf } from './graph-types.js';

/** Examples `from` (included) to `to` (excluded), on the same memory. */
export function sliceExamples(examples: Examples, from: number, to: number): Examples {
  const { count, shape } = examples;
  if (!(from >= 0 && from <= to && to <= count)) throw new RangeError(`examples ${from} to ${to} of ${count}`);
  const xSize = elementsOf(shape);
  const ySize = count === 0 ? 1 : examples.y.length / count;
  return {
    x: examples.x.subarray(from * xSize, to * xSize),
    y: examples.y.subarray(from * ySize, to * ySize),
    count: to - from,
    shape,
  };
}

/** The first `count` examples, or all when there are fewer. */
export function takeExamples(examples: Examples, count: number): Examples {
  return sliceExamples(examples, 0, Math.min(count, examples.count));
}

/**
 * Holds out the last `share` (0 to 1, excluded) of the examples, before any shuffle, as Keras'
 * `validation_split` does: the first floor(count * (1 - share)) train.
 */
export function splitExamples(examples: Examples, share: number): { train: Examples; validation: Examples } {
  const at = Math.floor(examples.count * (1 - share));
  return { train: sliceExamples(examples, 0, at), validation: sliceExamples(examples, at, examples.count) };
}

export interface DataChoice {
  validation?: 'test' | 'none' | { split: number } | undefined;
  take?: number | undefined;
}

/** Where examples lie: in a split of the data set, from one of its examples on. */
export interface ExamplesPlace {
  split: Split;
  from: number;
}

/** What a run trains on and what it validates with (null: nothing), by the spec's `dataset`. */
export function chooseExamples(
  data: { train: Examples; test: Examples },
  { validation = 'test', take = Infinity }: DataChoice,
): { train: Examples; validation: (Examples & { place: ExamplesPlace }) | null } {
  const train = takeExamples(data.train, take);
  if (validation === 'none') return { train, validation: null };
  if (validation === 'test') return { train, validation: { ...takeExamples(data.test, take), place: { split: 'test', from: 0 } } };
  const parts = splitExamples(train, validation.split);
  return { train: parts.train, validation: { ...parts.validation, place: { split: 'train', from: parts.train.count } } };
}

/** Copies rows of `x`, preprocessed, into a batch. Row r of `rows` goes to `out[r * size …]`. */
export type GatherRows = (x: Examples['x'], rows: Iterable<number>, out: Float32Array) => void;

/** A gatherer for examples of `size` elements. Bytes go through a table of 256 values. */
export function rowGatherer(size: number, { scale, offset }: Affine): GatherRows {
  const table = Float32Array.from({ length: 256 }, (_, value) => value * scale + offset);
  return (x, rows, out) => {
    let to = 0;
    for (const row of rows) {
      const end = (row + 1) * size;
      if (x instanceof Uint8Array) for (let from = row * size; from < end; from++) out[to++] = table[x[from]!]!;
      else for (let from = row * size; from < end; from++) out[to++] = x[from]! * scale + offset;
    }
  };
}

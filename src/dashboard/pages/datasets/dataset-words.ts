// What is said of a data set.
import type { Dataset } from '../../api/types.js';
import { bytes, count } from '../../lib/format.js';

/** `28 × 28 pixels, grey` */
export function shapeWords({ inputShape, kind }: Pick<Dataset, 'inputShape' | 'kind'>): string {
  const [height, width, channels] = inputShape;
  if (kind !== 'image' || inputShape.length !== 3) return inputShape.join(' × ');
  return `${width} × ${height} pixels, ${channels === 1 ? 'grey' : channels === 3 ? 'colour' : `${channels} channels`}`;
}

/** Bytes of all examples as they are kept: one for each value. */
export const sizeWords = ({ inputShape, trainCount, testCount }: Pick<Dataset, 'inputShape' | 'trainCount' | 'testCount'>): string =>
  bytes(inputShape.reduce((product, side) => product * side, 1) * (trainCount + testCount));

/** `60,000 to train on, 10,000 to test on` */
export const countWords = ({ trainCount, testCount }: Pick<Dataset, 'trainCount' | 'testCount'>): string =>
  `${count(trainCount)} to train on, ${testCount === 0 ? 'none' : count(testCount)} to test on`;

/** Examples in one picture: as many as the service puts into one. */
export const PICTURES = 100;

/** Asks for so many pictures in a row. */
export const pictureQuery = (split: 'train' | 'test', first: number, many: number): string =>
  new URLSearchParams({ split, indices: Array.from({ length: many }, (_, at) => first + at).join() }).toString();

// A fixed number of numbers in the address: `0.5,-2,1`.
import type { Codec } from '../../lib/codecs.js';

export function numbers(usual: readonly number[], { least, most }: { least: number; most: number }): Codec<readonly number[]> {
  const format = (values: readonly number[]) => values.map((value) => Number(value.toFixed(2))).join(',');
  return {
    read(text) {
      const read = (text ?? '').split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
      return read.length === usual.length && read.every((value) => value >= least && value <= most) ? read : usual;
    },
    write: (values) => (format(values) === format(usual) ? null : format(values)),
  };
}

// What the page keeps in the address beyond the usual.
import type { Codec } from '../../lib/codecs.js';
import type { Brushes } from './quantities.js';

export const MOST_RUNS = 100;
const ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** At most a hundred ids, each once. */
export const RUN_IDS: Codec<readonly string[]> = {
  read: (text) => [...new Set((text ?? '').split(',').filter((id) => ID.test(id)))].slice(0, MOST_RUNS),
  write: (ids) => (ids.length === 0 ? null : ids.join(',')),
};

/** Runs by the ends of their ids: the address already has them in full. */
export const HIDDEN: Codec<readonly string[]> = {
  read: (text) => [...new Set((text ?? '').split('.').filter((tail) => /^[\da-f]{8}$/i.test(tail)))],
  write: (tails) => (tails.length === 0 ? null : tails.join('.')),
};
export const tailOf = (id: string): string => id.slice(-8);

/** `spec.fit.batchSize~0~0.5,metrics.loss~0.2~1`: places on axes. */
export const BRUSHES: Codec<Brushes> = {
  read: (text) => {
    const brushes = new Map<string, readonly [number, number]>();
    for (const part of (text ?? '').split(',')) {
      const [key = '', low, high] = part.split('~');
      const [from, to] = [Number(low), Number(high)];
      if (key !== '' && from >= 0 && to <= 1 && from <= to) brushes.set(key, [from, to]);
    }
    return brushes;
  },
  write: (brushes) => (brushes.size === 0 ? null : [...brushes].map(([key, [low, high]]) => `${key}~${short(low)}~${short(high)}`).join(',')),
};

const short = (value: number) => Number(value.toFixed(3));

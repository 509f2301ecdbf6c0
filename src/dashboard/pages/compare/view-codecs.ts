// What the page keeps in the address beyond the usual.
import type { Codec } from '../../lib/codecs.js';
import { decoded } from '../../lib/decoded.js';
import type { Brushes, Span } from './quantities.js';

export const MOST_RUNS = 100;
const DIGITS = 12;
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

/** `spec.fit.batchSize~32~128,spec.optimizer.type~=adam~=sgd`: numbers, or words after an equals sign. */
export const BRUSHES: Codec<Brushes> = {
  read: (text) => {
    const brushes = new Map<string, Span>();
    for (const part of (text ?? '').split(',')) {
      const [key = '', ...ends] = part.split('~');
      const [low, high] = ends.map(readEnd);
      if (key !== '' && low !== undefined && high !== undefined && ends.length === 2) brushes.set(key, [low, high]);
    }
    return brushes;
  },
  write: (brushes) => (brushes.size === 0 ? null : [...brushes].map(([key, [low, high]]) => `${key}~${writeEnd(low)}~${writeEnd(high)}`).join(',')),
};

function readEnd(text: string): number | string | undefined {
  if (text.startsWith('=')) return decoded(text.slice(1)) ?? undefined;
  const number = Number(text);
  return text !== '' && Number.isFinite(number) ? number : undefined;
}

/** Of a number no more digits than it takes that the run at the end of a span lies within it; words may have the characters that hold the parts apart. */
const writeEnd = (end: number | string) => (typeof end === 'number' ? String(Number(end.toPrecision(DIGITS))) : `=${encodeURIComponent(end).replaceAll('~', '%7E')}`);

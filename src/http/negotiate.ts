// Which of the media types on offer a client prefers (RFC 9110, section 12.5.1).
import { ServiceError } from '../errors.js';

/** @throws ServiceError not_acceptable when the client takes none of them */
export function negotiate<const T extends readonly [string, ...string[]]>(accept: string | undefined, offered: T): T[number] {
  if (accept === undefined || accept.trim() === '') return offered[0];
  const ranges = accept.split(',').map(parseRange);
  const rated = offered.map((type) => ({ type, quality: qualityOf(type, ranges) }));
  const best = rated.reduce((a, b) => (b.quality > a.quality ? b : a));
  if (best.quality === 0) throw new ServiceError('not_acceptable', `The representations are ${offered.join(', ')}.`);
  return best.type;
}

interface MediaRange {
  range: string;
  quality: number;
}

function parseRange(text: string): MediaRange {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = q === undefined ? 1 : Number(q.slice(2));
  return { range, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** The most specific range that names the type decides. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const [family] = type.split('/');
  for (const range of [type, `${family}/*`, '*/*']) {
    const found = ranges.find((candidate) => candidate.range === range);
    if (found !== undefined) return found.quality;
  }
  return 0;
}

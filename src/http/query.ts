// What queries have in common.
import { ServiceError } from '../errors.js';

/**
 * `a,b` as a list of known words; undefined when it is absent.
 * @throws ServiceError bad_request naming the parameter
 */
export function commaList<const V extends readonly string[]>(parameter: string, text: string | undefined, known: V): V[number][] | undefined {
  if (text === undefined) return undefined;
  const words = [...new Set(text.split(',').map((word) => word.trim()))];
  const unknown = words.filter((word) => !known.includes(word));
  if (unknown.length === 0) return words as V[number][];
  const detail = `must be out of ${known.join(', ')}, with commas between; not ${unknown.map((word) => JSON.stringify(word)).join(', ')}`;
  throw new ServiceError('bad_request', 'The query has values that this route does not take.', { parameters: [{ in: 'query', parameter, detail }] });
}

/** A list that always fits on one page. */
export function onePage<T>(items: readonly T[]): { items: T[]; nextCursor: null } {
  return { items: [...items], nextCursor: null };
}

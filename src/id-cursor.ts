// Where the next page of a list begins: after the row with an id, in words that say nothing to clients.
import { ServiceError } from './errors.js';

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const encodeCursor = (id: string): string => Buffer.from(JSON.stringify({ v: 1, id })).toString('base64url');

/** @throws ServiceError invalid_cursor */
export function decodeCursor(cursor: string): string {
  try {
    const { v, id } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { v?: unknown; id?: unknown };
    if (v === 1 && typeof id === 'string' && UUID.test(id)) return id;
  } catch {
    // Falls through: whatever is wrong with it, it is not one of ours.
  }
  throw new ServiceError('invalid_cursor');
}

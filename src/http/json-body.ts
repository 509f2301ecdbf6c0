// The only body format of most routes: JSON, with the place of a fault told by line and column.
import type { FastifyInstance } from 'fastify';
import { ServiceError } from '../errors.js';
import { jsonFaultOffset } from './json-fault.js';

/** Replaces Fastify's parsers. An empty body is none, because clients send a content type without a body too. */
export function installJsonBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, parseJson(text as string));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
}

/** @throws ServiceError bad_request */
export function parseJson(text: string): unknown {
  // RFC 8259 lets a reader ignore a byte order mark, and some editors write one.
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (json.length === 0) return undefined;
  try {
    // A reviver is called for every value, so it runs only where the key may be (also escaped).
    return JSON.parse(json, /__proto__|\\u005f/i.test(json) ? refusePrototypes : undefined);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError('bad_request', `The body is not JSON: ${faultIn(json)}.`, { cause: error });
  }
}

/** No key of ours is called so, and code that merges objects could be made to change every object by it. */
function refusePrototypes(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new ServiceError('bad_request', 'The body has a key "__proto__", which is not taken.');
  return value;
}

function faultIn(json: string): string {
  const offset = jsonFaultOffset(json);
  if (offset === json.length) return 'it ends too early';
  const before = json.slice(0, offset);
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')} is not what should be there`;
}

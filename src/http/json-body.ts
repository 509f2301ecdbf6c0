// The body format of most routes: JSON. What comes in another form is refused with a word on the right one.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.js';
import { readJson } from './json-text.js';

const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/;
/** Far more than any spec has, and far less than what those who descend by recursion can bear. */
const MAX_DEPTH = 200;
const UTF_8 = /^utf-?8$/i;

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
  // An empty body may be of any type (`curl -d ''` says that it is a form), and so may one for a route that is not there.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));

  app.addHook('preParsing', async (request) => {
    if (!request.is404 && hasBody(request)) checkForm(request);
  });
}

function hasBody({ method, headers }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** @throws ServiceError unsupported_media_type */
function checkForm(request: FastifyRequest): void {
  const { 'content-encoding': encoding = 'identity', 'content-type': contentType } = request.headers;
  if (encoding.trim().toLowerCase() !== 'identity') {
    throw new ServiceError('unsupported_media_type', `The body is encoded as ${quoted(encoding)}; bodies are taken as they are, without a content-encoding.`);
  }
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim());
  if (!MEDIA_TYPE.test(type) || !request.server.hasContentTypeParser(type.toLowerCase())) {
    const sent = contentType === undefined ? 'has no content type' : `is ${quoted(contentType)}`;
    throw new ServiceError('unsupported_media_type', `The body ${sent}; it must be ${typesOf(request).join(', ')}. With curl, JSON needs -H 'content-type: application/json'.`);
  }
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter))?.slice('charset='.length).replaceAll('"', '');
  if (type.toLowerCase() === 'application/json' && charset !== undefined && !UTF_8.test(charset)) {
    throw new ServiceError('unsupported_media_type', `The charset is ${quoted(charset)}; JSON is taken in UTF-8 only.`);
  }
}

/** What the route takes, as its documentation has it. */
function typesOf({ routeOptions }: FastifyRequest): string[] {
  const { documentedBody } = routeOptions.config;
  const content = documentedBody !== undefined && 'content' in documentedBody ? documentedBody.content : undefined;
  return typeof content === 'object' && content !== null ? Object.keys(content) : ['application/json'];
}

/** A client's own text, cut short: it may be anything. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** @throws ServiceError bad_request */
export function parseJson(text: string): unknown {
  if (text === '' || text === '\uFEFF') return undefined;
  const read = readJson(text);
  if ('fault' in read) throw new ServiceError('bad_request', `The body ${read.fault}.`);
  if (isDeeper(read.value, MAX_DEPTH)) throw new ServiceError('bad_request', `The body is nested deeper than ${MAX_DEPTH} levels.`);
  return read.value;
}

function isDeeper(value: unknown, levels: number): boolean {
  let row = [value];
  for (let level = 0; row.length > 0; level += 1) {
    if (level > levels) return true;
    row = row.flatMap((part) => (part === null || typeof part !== 'object' ? [] : Object.values(part).filter((inner) => typeof inner === 'object')));
  }
  return false;
}

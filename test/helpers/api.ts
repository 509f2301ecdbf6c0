// The very app of the service, on fakes. Every answer that passes through here is held against the app's own
// OpenAPI document: its status, its media type and its body must be what the document says.
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifyInstance, InjectOptions } from 'fastify';
import type { Response } from 'light-my-request';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Test } from 'tap';
import { buildApp } from '../../src/app.js';
import { documentOf } from '../../src/http/documentation.js';
import type { Problem } from '../../src/schemas/problem.js';
import { WITH_KEY } from './key.js';
import { createFakeServices, type FakeServices } from '../fakes/services.js';

export interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: { schemas: Record<string, object> };
}

export interface OpenApiOperation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  parameters?: { name: string; in: string; required?: boolean; description?: string }[];
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

export interface Api extends FakeServices {
  app: FastifyInstance;
  document: OpenApiDocument;
  /** Lines of the log, parsed. */
  logged: Record<string, unknown>[];
  /** @throws Error when the answer is not a documented one */
  ask(request: InjectOptions): Promise<Response>;
  get(url: string, headers?: Record<string, string>): Promise<Response>;
  /** Sends JSON. */
  post(url: string, payload?: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface ApiOptions {
  bodyLimitBytes?: number;
  receiveMs?: number;
  dashboardFolder?: string;
  /** What the records, and the ledger, take for the time. */
  now?: () => number;
  /** Adds routes to the app before it is ready. */
  extend?: (app: FastifyInstance) => void;
}

function contractOf(app: FastifyInstance) {
  const document = JSON.parse(documentOf(app)) as OpenApiDocument;
  return { document, check: createAnswerCheck(document) };
}

/** Of the app as it is, made once: its schemas take long to compile. */
let plain: ReturnType<typeof contractOf> | undefined;

export async function startApi(t: Test, { bodyLimitBytes = 1024 * 1024, receiveMs = 60_000, dashboardFolder, now, extend }: ApiOptions = {}): Promise<Api> {
  const fakes = createFakeServices(now === undefined ? {} : { now });
  const logged: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const app = buildApp({ config: { bodyLimitBytes, receiveMs, leaseMs: 15_000, ...(dashboardFolder === undefined ? {} : { dashboardFolder }) }, services: fakes.services, log: pino({ level: 'debug' }, sink) });
  extend?.(app);
  await app.ready();
  t.teardown(async () => {
    await app.close();
    await fakes.services.hub.close();
  });
  const { document, check } = extend === undefined ? (plain ??= contractOf(app)) : contractOf(app);
  const ask = async (request: InjectOptions) => {
    const response = await app.inject({ ...request, headers: { ...WITH_KEY, ...request.headers } });
    check({ method: request.method ?? 'GET', url: String(request.url) }, response);
    return response;
  };
  return {
    ...fakes, app, document, logged, ask,
    get: (url, headers = {}) => ask({ method: 'GET', url, headers }),
    post: (url, payload, headers = {}) =>
      ask({ method: 'POST', url, headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }) }),
  };
}

/** The problem that a response is. @throws Error when it is none */
export function problemOf(response: Response): Problem {
  if (!String(response.headers['content-type']).startsWith('application/problem+json')) throw new Error(`not a problem: ${response.statusCode} ${response.body}`);
  return response.json<Problem>();
}

/** Throws when an answer is not what the document says. */
export function createAnswerCheck(document: OpenApiDocument) {
  const ajv = new Ajv2020({ strict: false, discriminator: true, allErrors: true, validateSchema: false });
  addFormats.default(ajv);
  ajv.addSchema(document, 'api');
  const routes = Object.entries(document.paths).map(([path, item]) => ({ path, item, expression: new RegExp(`^${path.replaceAll(/[.:]/g, '\\$&').replace('{path}', '.+').replaceAll(/\{\w+\}/g, '[^/]+')}$`) }));

  const validate = (pointer: string, body: string, what: string) => {
    const schema = ajv.getSchema(`api#${pointer}`) ?? ajv.compile({ $ref: `api#${pointer}` });
    if (!schema(JSON.parse(body))) throw new Error(`${what}: the body is not as documented: ${ajv.errorsText(schema.errors)}\n${body.slice(0, 2000)}`);
  };

  return ({ method, url }: { method: string; url: string }, response: Response): void => {
    const what = `${method} ${url} ${response.statusCode}`;
    const type = String(response.headers['content-type'] ?? '').split(';', 1)[0] ?? '';
    if (type === 'application/problem+json') validate('/components/schemas/Problem', response.body, what);
    else if (response.statusCode >= 400 && method !== 'HEAD') throw new Error(`${what}: not a problem but ${type}`);
    const path = url.split('?', 1)[0] ?? '';
    const route = routes.find(({ expression, item }) => expression.test(path) && item[method.toLowerCase()] !== undefined);
    const documented = route?.item[method.toLowerCase()]?.responses;
    if (route === undefined || documented === undefined) return;
    const answer = documented[response.statusCode];
    if (answer === undefined) throw new Error(`${what}: the status is not documented`);
    if (response.body === '' || type === 'application/problem+json') return;
    if (answer.content?.['application/octet-stream'] !== undefined) return;
    if (answer.content?.[type] === undefined) throw new Error(`${what}: the media type ${type} is not documented`);
    const escaped = [route.path, method.toLowerCase(), 'responses', String(response.statusCode), 'content', type].map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'));
    if (type === 'application/json') validate(`/paths/${escaped.map(encodeURIComponent).join('/')}/schema`, response.body, what);
  };
}

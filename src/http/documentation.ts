// The OpenAPI document, at /openapi.json, and a page to browse it, at /docs. Both work offline.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../paths.js';
import { CSRF_HEADER, RIGHTS, SESSION_COOKIE } from '../schemas/identity.js';
import { etagOf, isFresh } from './etag.js';
import { installSharedSchemas } from './shared-schemas.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A body that the document shows but the route's service checks: a schema, or media type to schema. */
    documentedBody?: object;
  }
}

/** The version in package.json. */
export const version = (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;

const TAGS = {
  runs: 'Experiments: submit, watch, stop, remove.',
  metrics: 'What runs measure.',
  events: 'What happens to runs.',
  models: 'What runs leave behind.',
  datasets: 'What may be trained on.',
  recipes: 'Run specs with a known result.',
  devices: 'Where runs are trained.',
  live: 'What happens, as it happens.',
  identity: 'Who may do what: teams, users, keys, sessions.',
  service: 'The service itself.',
};

/** A plugin for the root. Must run before any route is registered, because the document is made of the routes that it sees. */
export async function documentation(app: FastifyInstance): Promise<void> {
  installSharedSchemas(app);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Trainyard',
        version,
        description: 'The training service: experiments over HTTP, metrics live over WebSocket, models kept.\n\nEvery failure is a `Problem` (RFC 9457) with a stable `code`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This service.' }],
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: `An API key, \`ty_…\`, or the secret of a link, \`tyl_…\`. The roles that are named with an operation are rights: ${Object.entries(RIGHTS).map(([name, what]) => `\`${name}\` (${what})`).join('; ')}.` },
          session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE, description: `A browser's session. What changes something takes the header \`${CSRF_HEADER}\` as well.` },
        },
      },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    },
    convertConstToEnum: false,
    hideUntagged: true,
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => (typeof json.$id === 'string' ? json.$id : `def-${index}`) },
    transform: ({ schema, url, route }) => {
      const { documentedBody, access = 'public' } = route.config ?? {};
      const security: Record<string, string[]>[] = access === 'public' ? [] : [{ key: [access] }, { session: [] }];
      return { schema: { ...schema, security, ...(documentedBody === undefined ? {} : { body: documentedBody }) }, url };
    },
    transformObject: (document) => ('openapiObject' in document ? namedWildcards(document.openapiObject) : {}),
  });
  await app.register(async (pages) => {
    pages.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' };
    });
    await pages.register(swaggerUi, {
      routePrefix: '/docs',
      // Helmet's policy applies to the page as to everything else.
      staticCSP: false,
      uiConfig: { validatorUrl: null, displayRequestDuration: true, tryItOutEnabled: true },
      theme: { title: 'Trainyard API' },
    });
  });

  let served: { text: string; etag: string } | undefined;
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => {
    served ??= describe(documentOf(app));
    void reply.headers({ etag: served.etag, 'cache-control': 'no-cache' });
    if (isFresh(request.headers['if-none-match'], served.etag)) return reply.code(304).send();
    return reply.type('application/json').send(served.text);
  });
}

/** The document as it is committed and served. Needs the app to be ready. */
export function documentOf(app: FastifyInstance): string {
  return `${JSON.stringify(app.swagger(), null, 2)}\n`;
}

function describe(text: string): { text: string; etag: string } {
  return { text, etag: etagOf(createHash('sha256').update(text).digest('hex')) };
}

interface PathItem {
  [method: string]: { parameters?: { name?: string; in?: string }[] };
}

/** Fastify names a wildcard `*`, which is no name in OpenAPI: it becomes `path`. */
function namedWildcards<D extends { paths?: unknown }>(document: D): D {
  const paths = Object.entries((document.paths ?? {}) as Record<string, PathItem>).map(([path, item]) => {
    for (const operation of Object.values(item)) {
      for (const parameter of operation.parameters ?? []) if (parameter.name === '*') parameter.name = 'path';
    }
    return [path.replace('{*}', '{path}'), item];
  });
  return { ...document, paths: Object.fromEntries(paths) as unknown };
}

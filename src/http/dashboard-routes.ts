// The dashboard as Vite built it: one page at all of its addresses, and its assets. Outside the OpenAPI document.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.js';
import { packageRoot } from '../paths.js';
import { PAGE_PATHS } from '../portable/page-paths.js';

const FOLDER = join(packageRoot, 'dist', 'dashboard');
const ASSETS = join(FOLDER, 'assets');
const BASE = '<base href="./">';
/** What programs ask for: there, nothing is answered with a page. */
const NO_PAGES = /^\/(?:v1|docs|assets|problems|openapi\.json)(?![\w-])/;

const open = { config: { access: 'public' }, schema: { hide: true } } as const;

export const dashboardRoutes: FastifyPluginAsync = async (app) => {
  if (existsSync(ASSETS)) await app.register(fastifyStatic, { root: ASSETS, serve: false, preCompressed: true, cacheControl: false });
  for (const path of Object.values(PAGE_PATHS)) app.get(path, open, async (request, reply) => sendPage(request, reply));
  // Their names change with what is in them.
  app.get<{ Params: { file: string } }>('/assets/:file', open, async ({ params: { file } }, reply) => {
    if (!assets().includes(file)) throw new ServiceError('not_found', 'There is no such file.');
    return reply.header('cache-control', 'public, max-age=31536000, immutable').sendFile(file);
  });
};

/** For a person who went astray: the page says so, with the way back. Answers null for anything else. */
export function sendLostPage(request: FastifyRequest, reply: FastifyReply): FastifyReply | null {
  const { method, url, headers: { accept = '' } } = request;
  const isVisit = (method === 'GET' || method === 'HEAD') && accept.includes('text/html') && !NO_PAGES.test(url);
  return isVisit && page() !== null ? sendPage(request, reply.code(404)) : null;
}

function sendPage({ url }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const html = page();
  if (html === null) throw new ServiceError('not_found', 'The dashboard was not built; `npm run build` does it.');
  // Relative to how deep the address is, not to the root: whoever stands in front of us may have put a prefix there.
  const depth = (url.split('?', 1)[0] ?? '').split('/').length - 2;
  return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(html.replace(BASE, `<base href="${'../'.repeat(depth) || './'}">`));
}

/** Null where it was not built. Read each time, like the names of its assets: it may be built anew beneath us. */
function page(): string | null {
  const path = join(FOLDER, 'index.html');
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

const assets = () => (existsSync(ASSETS) ? readdirSync(ASSETS) : []);

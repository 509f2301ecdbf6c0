// The dashboard as Vite built it: one page at all of its addresses, and its assets. Outside the OpenAPI document.
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.js';
import { packageRoot } from '../paths.js';
import { PAGE_PATHS } from '../portable/page-paths.js';
import { etagOf, isFresh } from './etag.js';
import { keptWhileUnchanged } from './kept-file.js';

const BASE = '<base href="./">';
/** What programs ask for: there, nothing is answered with a page. */
const NO_PAGES = /^\/(?:v1|docs|assets|problems|openapi\.json)(?![\w-])/;

const open = { config: { access: 'public' }, schema: { hide: true } } as const;

/** @param folder where Vite puts it; it may be built, or built anew, beneath us */
export function createDashboard(folder = join(packageRoot, 'dist', 'dashboard')) {
  const root = join(folder, 'assets');
  const page = keptWhileUnchanged(join(folder, 'index.html'), (path) => readFile(path, 'utf8'));
  const assets = keptWhileUnchanged(root, async (path) => new Set(await readdir(path)));

  async function send({ url, headers }: FastifyRequest, reply: FastifyReply, html: string): Promise<FastifyReply> {
    // Relative to how deep the address is, not to the root: whoever stands in front of us may have put a prefix there.
    const depth = (url.split('?', 1)[0] ?? '').split('/').length - 2;
    const shown = html.replace(BASE, `<base href="${'../'.repeat(depth) || './'}">`);
    const etag = etagOf(createHash('sha256').update(shown).digest('hex'));
    void reply.headers({ 'cache-control': 'no-cache', etag }).type('text/html; charset=utf-8');
    return reply.statusCode === 200 && isFresh(headers['if-none-match'], etag) ? reply.code(304).send() : reply.send(shown);
  }

  const routes: FastifyPluginAsync = async (app) => {
    await app.register(fastifyStatic, { root, serve: false, preCompressed: true, cacheControl: false, suppressWarning: true });
    for (const path of Object.values(PAGE_PATHS)) {
      app.get(path, open, async (request, reply) => {
        const html = await page();
        if (html === null) throw new ServiceError('not_found', 'The dashboard was not built; `npm run build` does it.');
        return send(request, reply, html);
      });
    }
    // Their names change with what is in them.
    app.get<{ Params: { file: string } }>('/assets/:file', open, async ({ params: { file } }, reply) => {
      if ((await assets())?.has(file) !== true) throw new ServiceError('not_found', 'There is no such file.');
      return reply.header('cache-control', 'public, max-age=31536000, immutable').sendFile(file);
    });
  };

  return {
    routes,

    /** For a person who went astray: the page says so, with the way back. Answers null for anything else. */
    async sendLostPage(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | null> {
      const { method, url, headers: { accept = '' } } = request;
      if ((method !== 'GET' && method !== 'HEAD') || !accept.includes('text/html') || NO_PAGES.test(url)) return null;
      const html = await page();
      return html === null ? null : send(request, reply.code(404), html);
    },
  };
}

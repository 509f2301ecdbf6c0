// The web page, at `/`. It is plain files without a build step, served as they lie in the source folder.
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync } from 'fastify';
import { packageRoot } from '../paths.js';

const ASSETS = ['api.js', 'app.js', 'chart.js', 'curves.js', 'format.js', 'live.js', 'pad.js', 'run-view.js', 'scale.js', 'session.js', 'style.css'] as const;

/** Serves the page and its assets, and nothing else of the folder. Both are outside the OpenAPI document. */
export const dashboardRoutes: FastifyPluginAsync = async (app) => {
  // The names carry no hash, so a browser asks each time and is mostly answered 304.
  await app.register(fastifyStatic, { root: join(packageRoot, 'src', 'dashboard'), serve: false, cacheControl: false });
  const files = new Map<string, string>([['/', 'index.html'], ...ASSETS.map((name) => [`/dashboard/${name}`, name] as const)]);
  for (const [url, file] of files) {
    app.get(url, { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) => reply.header('cache-control', 'no-cache').sendFile(file));
  }
};

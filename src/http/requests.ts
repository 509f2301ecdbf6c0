// What every request gets, whatever its route: an id, a line in the log, no caching unless a route says so,
// and a refusal once the service has begun to stop.
import type { FastifyInstance } from 'fastify';
import { ServiceError } from '../errors.js';
import { pathOf } from './problem.js';

/** Probes ask every few seconds; their lines would drown the rest. */
const QUIET = new Set(['/healthz', '/readyz']);

export function installRequestRules(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });

  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
    if (request.url.startsWith('/v1/')) void reply.header('cache-control', 'no-store');
    // A process that is stopping still lives; only its readiness ends.
    if (closing && pathOf(request.url) !== '/healthz') throw new ServiceError('shutting_down');
    // PostgreSQL has no text with NUL, and no name of ours has one.
    if (/%00/.test(request.url)) throw new ServiceError('bad_request', 'The address holds a NUL character.');
  });

  app.addHook('onResponse', async (request, reply) => {
    const path = pathOf(request.url);
    const line = { requestId: request.id, method: request.method, path, status: reply.statusCode, durationMs: Math.round(reply.elapsedTime * 10) / 10 };
    request.log[QUIET.has(path) ? 'debug' : 'info'](line, `${request.method} ${path} ${reply.statusCode}`);
  });
}

// For whoever starts, restarts and balances the service.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { version } from '../http/documentation.js';
import { NotReadyError } from '../http/problem.js';
import { problems } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import { Liveness, Readiness } from '../schemas/health.js';
import type { Services } from '../services.js';
import { askAll } from './checks.js';

const CHECK_LIMIT_MS = 2_000;

export const healthRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'health'> }> = async (app, { services }) => {
  app.get('/healthz', {
    config: { access: 'public' },
    schema: {
      operationId: 'getLiveness', tags: ['service'], summary: 'Whether the process lives',
      description: 'Asks nothing else, so restarting the process for a failed answer is right.',
      response: { 200: ref(Liveness), ...problems() },
    },
  }, async () => ({ status: 'ok' as const, version, uptimeSeconds: Math.round(process.uptime() * 10) / 10 }));

  app.get('/readyz', {
    config: { access: 'public' },
    schema: {
      operationId: 'getReadiness', tags: ['service'], summary: 'Whether the service can serve',
      description: 'Asks everything that the service needs, each for at most two seconds.',
      response: { 200: ref(Readiness), ...problems('not_ready') },
    },
  }, async (request) => {
    const checks = await askAll(services.health, { limitMs: CHECK_LIMIT_MS, onError: (error, name) => request.log.warn({ err: error, check: name }, `${name} does not answer`) });
    if (checks.some((check) => !check.ok)) throw new NotReadyError(checks);
    return { status: 'ready' as const, checks };
  });
};

// How often one may ask: counted by key, or by address where there is none.
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { ServiceError } from '../errors.js';
import { holderOf, type Principal } from './principal.js';

const WINDOW_MS = 60_000;

/** For all routes that are registered later. Needs the authentication to have run before. Null is without a limit. */
export async function installRateLimit(app: FastifyInstance, max: number | null): Promise<void> {
  if (max === null) return;
  await app.register(rateLimit, {
    max,
    timeWindow: WINDOW_MS,
    // RateLimit-Limit, -Remaining and -Reset, as the IETF's draft has them.
    enableDraftSpec: true,
    keyGenerator: (request) => {
      const principal = request.principal as Principal | null;
      return principal === null ? request.ip : holderOf(principal);
    },
    allowList: (request) => request.routeOptions.config.access === 'public' && request.method !== 'POST',
    errorResponseBuilder: (_request, { max }) => new ServiceError('rate_limited', `More than ${max} requests in a minute.`),
  });
}

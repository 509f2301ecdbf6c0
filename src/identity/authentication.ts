// Every request is made on somebody's behalf, and every route says what right it takes: one without a rule stops the
// service from starting. Secrets come in a header, a browser's in a cookie that no script and no other site can use.
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { ServiceError } from '../errors.js';
import { CSRF_HEADER, RIGHTS, SESSION_COOKIE, type Right } from '../schemas/identity.js';
import type { Authenticator } from './authenticator.js';
import type { FailureLimit } from './failure-limit.js';
import type { Principal } from './principal.js';
import { csrfTokenOf, isSecretOf, hashOf, parseToken, type Token } from './token.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a route takes: nothing, or a right. */
    access?: 'public' | Right;
    /** Whether a ticket in the query will do, for a WebSocket. */
    takesTickets?: boolean;
  }
  interface FastifyRequest {
    /** Not on public routes. */
    principal: Principal;
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Needs @fastify/cookie, and must run before any route is registered. */
export function installAuthentication(app: FastifyInstance, authenticator: Authenticator, failures: FailureLimit): void {
  const authenticate = limited(authenticator, failures);
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => void routes.push(route));
  app.addHook('onReady', async () => {
    const ruleless = routes.filter(({ config }) => config?.access === undefined).map(({ method, url }) => `${String(method)} ${url}`);
    if (ruleless.length > 0) throw new Error(`routes without a rule of access: ${ruleless.join(', ')}`);
  });

  app.decorateRequest('principal', null as unknown as Principal);
  app.addHook('onRequest', async (request, reply) => {
    const { access } = request.routeOptions.config;
    if (access === 'public' || request.is404) return;
    if (authenticator.anybody !== null) {
      request.principal = authenticator.anybody;
      return;
    }
    const token = tokenOf(request);
    const principal = token === null ? null : await authenticate(token, request.ip);
    if (token === null || principal === null) {
      void reply.header('www-authenticate', 'Bearer realm="trainyard"');
      throw new ServiceError('unauthorized', hasSecret(request) ? undefined : 'Send a key: `Authorization: Bearer ty_…`.');
    }
    request.principal = principal;
    if (token.kind === 'session') checkCsrf(request, token);
    if (access === undefined || !principal.rights.includes(access)) {
      throw new ServiceError('forbidden', `It takes the right to \`${access}\` (${access === undefined ? 'nobody has it' : RIGHTS[access]}), which ${principal.role === null ? 'a link' : `this key of a${principal.role === 'admin' ? 'n' : ''} ${principal.role}`} has not.`);
    }
  });
}

/** Asks who it is, unless too many wrong secrets came from that address. @throws ServiceError rate_limited */
export function limited(authenticator: Authenticator, failures: FailureLimit): (token: Token, address: string) => Promise<Principal | null> {
  return async (token, address) => {
    failures.check(address);
    const principal = await authenticator.authenticate(token);
    if (principal === null) failures.count(address);
    return principal;
  };
}

const hasSecret = ({ headers, cookies }: FastifyRequest) => headers.authorization !== undefined || cookies[SESSION_COOKIE] !== undefined;

/** Null when there is none, or none that could be one of ours. */
function tokenOf(request: FastifyRequest): Token | null {
  const { method, headers: { authorization, upgrade }, cookies, query, routeOptions } = request;
  if (authorization !== undefined) {
    const token = parseToken(/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '');
    return token?.kind === 'key' || token?.kind === 'link' ? token : null;
  }
  // A browser's WebSocket can send no header of ours, and what is in an address is logged by whoever forwards it.
  const { ticket } = query as { ticket?: unknown };
  if (typeof ticket === 'string' && method === 'GET' && upgrade?.toLowerCase() === 'websocket' && routeOptions.config.takesTickets === true) {
    const token = parseToken(ticket);
    return token?.kind === 'ticket' ? token : null;
  }
  const token = parseToken(cookies[SESSION_COOKIE] ?? '');
  return token?.kind === 'session' ? token : null;
}

/** @throws ServiceError csrf_token_missing */
function checkCsrf({ method, headers }: FastifyRequest, session: Token): void {
  if (SAFE_METHODS.has(method)) return;
  const given = headers[CSRF_HEADER];
  if (typeof given !== 'string' || !isSecretOf(given, hashOf(csrfTokenOf(session)))) throw new ServiceError('csrf_token_missing');
}

// Who one is, and how a browser signs in and out.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.js';
import { empty, problems, representations } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import { BrowserSession, Identity, Login, SESSION_COOKIE, Ticket } from '../schemas/identity.js';
import type { Services } from '../services.js';
import { limited } from './authentication.js';
import type { FailureLimit } from './failure-limit.js';
import type { Principal } from './principal.js';
import { csrfTokenOf, parseToken } from './token.js';

export const sessionRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'authenticator' | 'sessions'>; failures: FailureLimit }> = async (app, { services: { authenticator, sessions }, failures }) => {
  const authenticate = limited(authenticator, failures);

  /** A browser has one session; the one before would otherwise be good for days. */
  async function endEarlier({ cookies }: FastifyRequest): Promise<void> {
    const token = parseToken(cookies[SESSION_COOKIE] ?? '');
    if (token?.kind === 'session' && (await authenticator.authenticate(token)) !== null) await sessions.end(token.id);
  }

  app.get('/v1/me', {
    config: { access: 'view' },
    schema: { operationId: 'getIdentity', tags: ['identity'], summary: 'Tell who one is', response: { 200: ref(Identity), ...problems() } },
  }, async ({ principal }) => toIdentity(principal));

  app.post('/v1/session', {
    config: { access: 'public' },
    bodyLimit: 1024,
    schema: {
      operationId: 'createSession', tags: ['identity'], summary: 'Sign a browser in', body: ref(Login),
      description: `Sets the cookie \`${SESSION_COOKIE}\`, which no script can read and no other site can make use of.`,
      response: { 201: ref(BrowserSession), ...problems('body_too_large', 'unsupported_media_type') },
    },
  }, async (request, reply) => {
    const token = parseToken(Object.values(request.body)[0] ?? '');
    const principal = token === null ? null : await authenticate(token, request.ip);
    if (principal === null) throw new ServiceError('unauthorized');
    request.principal = principal;
    await endEarlier(request);
    const { token: session, text, expiresAt } = await sessions.begin(principal);
    setCookie(request, reply, text, expiresAt);
    return reply.code(201).send({ identity: { ...toIdentity(principal), expiresAt: expiresAt.toISOString() }, csrfToken: csrfTokenOf(session) });
  });

  app.get('/v1/session', {
    config: { access: 'public' },
    schema: {
      operationId: 'getSession', tags: ['identity'], summary: "Get the browser's session", description: 'A page that was loaded anew gets its CSRF token again.',
      response: { ...representations(200, 'The session.', { 'application/json': ref(BrowserSession) }), ...empty(204, 'There is none: sign in.'), ...problems() },
    },
  }, async ({ cookies, ip }, reply) => {
    const token = parseToken(cookies[SESSION_COOKIE] ?? '');
    const principal = token?.kind === 'session' ? await authenticate(token, ip) : null;
    const send = (session: BrowserSession) => reply.send(session);
    if (token !== null && principal !== null) return send({ identity: toIdentity(principal), csrfToken: csrfTokenOf(token) });
    if (authenticator.anybody !== null) return send({ identity: toIdentity(authenticator.anybody), csrfToken: null });
    return reply.code(204).send();
  });

  app.delete('/v1/session', {
    config: { access: 'view' },
    schema: { operationId: 'deleteSession', tags: ['identity'], summary: 'Sign the browser out', response: { ...empty(204, 'The session is over.'), ...problems('not_found') } },
  }, async ({ principal: { credential } }, reply) => {
    if (credential.kind !== 'session') throw new ServiceError('not_found', 'A key has no session.');
    await sessions.end(credential.id);
    return reply.clearCookie(SESSION_COOKIE, { path: '/' }).code(204).send();
  });

  app.post('/v1/tickets', {
    config: { access: 'view', audited: false },
    schema: {
      operationId: 'createTicket', tags: ['identity'], summary: 'Get a ticket', description: 'For a WebSocket of a page of another program, which can send no header: a key has no place in an address, which others log.',
      response: { 201: ref(Ticket), ...problems('unsupported_media_type') },
    },
  }, async ({ principal }, reply) => {
    const { text, expiresAt } = await sessions.createTicket(principal);
    return reply.code(201).send({ ticket: text, expiresAt: expiresAt.toISOString() });
  });
};

export function toIdentity({ user, team, role, rights, onlyRunId, key }: Principal): Identity {
  return { user: user?.name ?? null, team, role, rights: [...rights], runId: onlyRunId, expiresAt: key?.expiresAt?.toISOString() ?? null };
}

/** TLS ends in front of us, so the page's own address says whether the cookie may go without it. */
function setCookie({ headers: { origin = '' } }: FastifyRequest, reply: FastifyReply, value: string, expires: Date): void {
  void reply.setCookie(SESSION_COOKIE, value, { path: '/', httpOnly: true, sameSite: 'strict', secure: origin.startsWith('https:'), expires });
}

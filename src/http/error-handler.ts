// Every failure leaves as one problem: thrown errors, unknown routes, wrong methods, and what fails before
// a route is even found.
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ERRORS, ServiceError } from '../errors.js';
import { PROBLEM_TYPE, retryAfterOf, toProblem, toServiceError } from './problem.js';
import { createRouteTable } from './route-table.js';

/** How long a connection that was refused may take to read why. */
const GOODBYE_MS = 1000;

/** Sends the problem of an error. The log gets the cause, the client does not. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = isOverLimit(thrown) ? new ServiceError('body_too_large', `The body is over ${request.routeOptions.bodyLimit} bytes.`, { cause: thrown }) : toServiceError(thrown);
  const retryAfter = retryAfterOf(error.code);
  if (error.code === 'internal') request.log.error({ err: error.cause ?? error }, 'request failed');
  else if (error.status >= 500) request.log.warn({ err: error.cause ?? error, code: error.code }, 'request refused');
  else request.log.debug({ code: error.code, detail: error.message }, 'request refused');
  if (retryAfter !== null) void reply.header('retry-after', retryAfter);
  // As text: the routes' own response schemas have no say in it.
  return reply
    .code(error.status)
    .headers({ 'cache-control': 'no-store', 'x-request-id': request.id })
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(toProblem(error, request)));
}

/** Fastify knows the limit, and does not tell it. */
const isOverLimit = (thrown: unknown) => thrown instanceof Error && (thrown as Error & { code?: string }).code === 'FST_ERR_CTP_BODY_TOO_LARGE';

/**
 * Must run before any route is registered, because it notes them for the Allow header. `sendLostPage` may answer
 * a person who looks for what is not there; null leaves it to the problem.
 */
export function installErrorHandling(app: FastifyInstance, sendLostPage: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | null> = async () => null): void {
  const routes = createRouteTable();
  app.addHook('onRoute', (route) => routes.add(route.url, route.method));
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler(async (request, reply) => {
    const methods = routes.methodsOf(request.url);
    if (methods.length === 0) return (await sendLostPage(request, reply)) ?? sendProblem(new ServiceError('not_found', 'No route has this address.'), request, reply);
    void reply.header('allow', methods.join(', '));
    return sendProblem(new ServiceError('method_not_allowed', `The methods are ${methods.join(', ')}.`), request, reply);
  });
}

/** What Node's HTTP parser refuses never becomes a request: it is answered on the bare socket. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'bad_request';
  const body = JSON.stringify(toProblem(new ServiceError(code), { id: randomUUID(), url: '' }));
  const head = [
    `HTTP/1.1 ${ERRORS[code].status} ${code === 'bad_request' ? 'Bad Request' : ERRORS[code].title}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  // One that never closes its side would keep it for ever; at once, it might not read the answer.
  setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
}

import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { ERRORS, ServiceError, type ErrorCode } from '../../../src/errors.js';
import { isRetryable, toProblem } from '../../../src/http/problem.js';
import type { Problem } from '../../../src/schemas/problem.js';
import { databaseAway } from '../../fakes/records.js';
import { problemOf, startApi } from '../../helpers/api.js';
import { TEST_KEY } from '../../helpers/key.js';

/** For routes of tests. */
const OPEN = { config: { access: 'public' } } as const;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

t.test('every code of the registry leaves as a documented problem', async (t) => {
  // `ask` holds each body against the Problem schema of the document.
  const api = await startApi(t, {
    extend: (app) => app.get('/fail/:code', OPEN, async (request) => {
      const { code } = request.params as { code: ErrorCode };
      throw new ServiceError(code, 'what happened', { problems: [{ pointer: '/a', detail: 'is wrong' }], parameters: [{ in: 'query', parameter: 'b', detail: 'is wrong too' }] });
    }),
  });
  const documented = (api.document.components.schemas['Problem'] as { properties: { code: { enum: string[] } } }).properties.code.enum;
  t.same(documented, Object.keys(ERRORS), 'the document names the codes of the registry, no more and no less');
  for (const [code, about] of Object.entries(ERRORS) as [ErrorCode, { status: number; title: string; retryAfterS?: number }][]) {
    const response = await api.get(`/fail/${code}`);
    const problem = problemOf(response);
    t.match({ ...problem, statusCode: response.statusCode }, { code, statusCode: about.status, status: about.status, title: about.title, type: `/problems/${code}`, instance: `/fail/${code}`, requestId: UUID, retryable: isRetryable(code) }, code);
    t.equal(response.headers['retry-after'], about.retryAfterS?.toString(), `${code} says when to come back`);
    t.equal(response.headers['x-request-id'], problem.requestId, `${code} carries the id of the request`);
    t.equal(response.headers['cache-control'], 'no-store');
    const said = about.status >= 500 ? { detail: undefined, errors: undefined } : { detail: 'what happened', errors: [{ pointer: '/a', detail: 'is wrong' }, { in: 'query', parameter: 'b', detail: 'is wrong too' }] };
    t.same({ detail: problem.detail, errors: problem.errors }, said, `${code} says ${about.status >= 500 ? 'no more than its title' : 'what happened'}`);
  }
});

t.test('the type of every problem leads to what its code means', async (t) => {
  const api = await startApi(t);
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const { type } = toProblem(new ServiceError(code), { id: 'x', url: '/' });
    t.match((await api.get(type)).json(), { code, status: ERRORS[code].status, title: ERRORS[code].title, retryable: isRetryable(code) }, type);
  }
  t.equal(problemOf(await api.get('/problems/toString')).code, 'not_found');
});

t.test('only what may succeed later is retryable', async (t) => {
  const retryable = (Object.keys(ERRORS) as ErrorCode[]).filter(isRetryable);
  t.same(retryable.sort(), ['artifacts_unavailable', 'database_unavailable', 'idempotency_conflict', 'not_ready', 'outlook_unavailable', 'predictor_unavailable', 'queue_unavailable', 'rate_limited', 'request_timeout', 'shutting_down']);
  t.equal(toProblem(new ServiceError('internal'), { id: 'x', url: '/a?secret=1' }).instance, '/a', 'the query is not repeated');
});

t.test('an unknown address is not found, a wrong method is told the right ones', async (t) => {
  const api = await startApi(t);
  t.match(problemOf(await api.get('/v2/runs')), { code: 'not_found', status: 404, instance: '/v2/runs' });
  const response = await api.ask({ method: 'PUT', url: '/v1/runs?x=1' });
  t.equal(response.statusCode, 405);
  t.equal(problemOf(response).code, 'method_not_allowed');
  t.equal(response.headers.allow, 'GET, HEAD, POST');
  t.equal((await api.ask({ method: 'DELETE', url: '/v1/runs:plan' })).headers.allow, 'POST');
  t.equal((await api.ask({ method: 'POST', url: '/v1/runs/a/artifacts/b/c' })).headers.allow, 'DELETE, GET, HEAD');
});

t.test('bodies that cannot be read are refused for what is wrong with them', async (t) => {
  const api = await startApi(t, { bodyLimitBytes: 2048 });
  const post = (payload: string, type = 'application/json') => api.ask({ method: 'POST', url: '/v1/runs', headers: { 'content-type': type }, payload });
  t.match(problemOf(await post('{"a": \n 1,}')), { code: 'bad_request', detail: /line 2, column 4/ });
  t.match(problemOf(await post('{"__proto__": {}}')), { code: 'bad_request' });
  t.match(problemOf(await post('a: 1', 'application/yaml')), { code: 'unsupported_media_type', status: 415 });
  t.match(problemOf(await post('hello', 'text/plain')), { code: 'unsupported_media_type' });
  t.match(problemOf(await post('hello', 'not a type')), { code: 'unsupported_media_type' });
  t.match(problemOf(await post(`"${'x'.repeat(3000)}"`)), { code: 'body_too_large', status: 413, detail: 'The body is over 2048 bytes.' });
  t.match(problemOf(await post('hello', 'application/x-www-form-urlencoded')), { detail: `The body is "application/x-www-form-urlencoded"; it must be application/json. With curl, JSON needs -H 'content-type: application/json'.` });
  t.match(problemOf(await post('{}', 'application/json; charset="iso-8859-1"')), { code: 'unsupported_media_type', detail: /charset is "iso-8859-1".*UTF-8/ });
  const untyped = await api.ask({ method: 'POST', url: '/v1/runs', payload: Buffer.from('{}') });
  t.match(problemOf(untyped), { code: 'unsupported_media_type', detail: /has no content type; it must be application\/json/ });
  const zipped = await api.ask({ method: 'POST', url: '/v1/runs', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, payload: 'x' });
  t.match(problemOf(zipped), { code: 'unsupported_media_type', detail: /encoded as "gzip"/ });
  const plain = await api.ask({ method: 'POST', url: '/v1/runs', headers: { 'content-type': 'application/json', 'content-encoding': 'Identity' }, payload: '{}' });
  t.equal(problemOf(plain).code, 'invalid_spec', 'identity is no encoding');
  const picture = await api.ask({ method: 'POST', url: '/v1/runs/01890000-0000-7000-8000-000000000001/predict', headers: { 'content-type': 'image/gif' }, payload: 'GIF' });
  t.match(problemOf(picture), { code: 'unsupported_media_type', detail: /must be application\/json, image\/png, image\/jpeg, multipart\/form-data\./ }, 'the types are those of the route');
  t.match(problemOf(await api.ask({ method: 'POST', url: '/nowhere', headers: { 'content-type': 'text/plain' }, payload: 'x' })), { code: 'not_found' }, 'where there is no route, no form is right');
  t.match(problemOf(await post('{"name": "ü"}', 'application/json; charset=utf-8')), { code: 'invalid_spec' }, 'a charset does no harm');
  t.equal(api.records.runs.size, 0);
});

t.test('an empty body is none, whatever it is said to be', async (t) => {
  const api = await startApi(t);
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain; charset=latin1']) {
    const cancel = await api.ask({ method: 'POST', url: '/v1/runs/01890000-0000-7000-8000-000000000001/cancel', headers: { 'content-type': type, 'content-length': '0' } });
    t.equal(problemOf(cancel).code, 'not_found', `${type}: the run is looked for`);
    const create = await api.ask({ method: 'POST', url: '/v1/runs', headers: { 'content-type': type, 'content-length': '0' } });
    t.match(problemOf(create), { code: 'invalid_spec', errors: [{ pointer: '', detail: 'must be an object, but the body is empty' }] }, `${type}: a route that needs a body says that there is none`);
  }
});

t.test('an address that is no address is refused, in our words', async (t) => {
  const api = await startApi(t);
  t.match(problemOf(await api.get('/v1/runs/%zz')), { code: 'bad_request', status: 400, requestId: UUID, detail: /^The address is malformed: each % / });
  t.match(problemOf(await api.get(`/v1/runs/${'a'.repeat(200)}`)), { code: 'not_found', status: 404, detail: 'A part of the address is longer than anything here is named.' });
  t.match(problemOf(await api.get('/v1/runs/abc')), { code: 'not_found', status: 404, detail: 'Nothing has this address: id must be a UUID.', errors: [{ in: 'path', parameter: 'id', detail: 'must be a UUID' }] });
});

t.test('queries and headers are told what is wrong with them', async (t) => {
  const api = await startApi(t);
  const detail = async (url: string) => problemOf(await api.get(url)).detail;
  t.equal(await detail('/v1/runs?limt=1'), 'The query has parameters that this route does not take.');
  t.equal(await detail('/v1/runs?limit=x'), 'The query has values that this route does not take.');
  t.equal(await detail('/v1/runs?state=asleep'), 'The query has values that this route does not take.');
  t.equal(await detail('/v1/runs?limit=x&limt=1'), 'The query has several faults.');
  const keyed = await api.post('/v1/runs', {}, { 'idempotency-key': 'ü' });
  t.match(problemOf(keyed), { detail: 'The headers have values that this route does not take.', errors: [{ in: 'header', parameter: 'idempotency-key' }] });
});

t.test('while the database is away every route says so, and the service lives', async (t) => {
  const api = await startApi(t);
  api.records.down = new Error('query failed', { cause: databaseAway() });
  const id = '01890000-0000-7000-8000-000000000001';
  for (const url of ['/v1/runs', `/v1/runs/${id}`, `/v1/runs/${id}/metrics?key=batch/loss`, `/v1/metrics?runId=${id}&key=batch/loss`, `/v1/runs/${id}/logs`, `/v1/runs/${id}/artifacts/x`]) {
    const response = await api.get(url, { accept: 'text/plain, application/json' });
    t.match(problemOf(response), { code: 'database_unavailable', status: 503, retryable: true, detail: undefined }, url);
    t.equal(response.headers['retry-after'], '5');
  }
  t.equal((await api.get('/healthz')).statusCode, 200);
  api.records.down = null;
  t.equal((await api.get('/v1/runs')).statusCode, 200, 'and serves again when it is back');
});

t.test('what nobody foresaw says nothing to the client and everything to the log', async (t) => {
  const api = await startApi(t, {
    extend: (app) => {
      app.get('/boom', OPEN, async () => {
        throw new Error('password=hunter2');
      });
      app.get('/odd', OPEN, async () => Promise.reject({ odd: true }));
    },
  });
  const response = await api.get('/boom?token=t0ken');
  t.equal(response.statusCode, 500);
  t.notMatch(response.body, /hunter2|t0ken|at .*\.js/);
  t.same(Object.keys(problemOf(response)).sort(), ['code', 'instance', 'requestId', 'retryable', 'status', 'title', 'type']);
  const line = api.logged.find((entry) => entry['msg'] === 'request failed');
  t.match(line, { level: 50, reqId: problemOf(response).requestId, err: { message: 'password=hunter2' } }, 'the log has the cause under the same id');
  t.equal(problemOf(await api.get('/odd')).code, 'internal', 'whatever is thrown');
});

t.test('the log has a line for each request and no secret in it', async (t) => {
  const api = await startApi(t);
  await api.get('/v1/datasets?x=secret1', { cookie: 'trainyard_session=secret3' });
  t.equal((await api.get('/v1/datasets', { authorization: 'Bearer secret2' })).statusCode, 401);
  await turn();
  t.match(api.logged.find((line) => line['path'] === '/v1/datasets' && line['status'] === 200), { level: 30, method: 'GET', durationMs: Number });
  t.notMatch(JSON.stringify(api.logged), new RegExp(`secret|${TEST_KEY.slice(-20)}`));
});

t.test('ids of requests are ours', async (t) => {
  const api = await startApi(t);
  const response = await api.get('/v1/datasets', { 'x-request-id': 'forged', 'request-id': 'forged' });
  t.match(response.headers['x-request-id'], UUID);
});

t.test('other origins get no permission, and nothing is sniffed or framed', async (t) => {
  const api = await startApi(t);
  const { headers } = await api.get('/v1/datasets', { origin: 'https://elsewhere.example' });
  t.equal(headers['access-control-allow-origin'], undefined);
  t.equal(headers['x-content-type-options'], 'nosniff');
  t.match(headers['content-security-policy'], /frame-ancestors 'none'/);
  t.notMatch(headers['content-security-policy'], /upgrade-insecure-requests/, 'plain HTTP stays plain HTTP');
});

t.test('what is no HTTP gets a problem too', async (t) => {
  const api = await startApi(t);
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = api.app.server.address() as AddressInfo;
  const talk = async (text: string) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    socket.write(text);
    await once(socket, 'close');
    const [head = '', body = '{}'] = answer.split('\r\n\r\n');
    return { head, problem: JSON.parse(body) as Problem };
  };
  t.match(await talk('nonsense\r\n\r\n'), { head: /^HTTP\/1\.1 400 .*application\/problem\+json/s, problem: { code: 'bad_request' } });
  t.match(await talk(`GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`), { head: /^HTTP\/1\.1 431 /, problem: { code: 'headers_too_large' } });
});

t.test('once closing has begun, what runs ends and what comes is refused', async (t) => {
  let letGo = () => {};
  let begin = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const api = await startApi(t, {
    extend: (app) => app.get('/slow', OPEN, async () => {
      begin();
      await gate;
      return { done: true };
    }),
  });
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = api.app.server.address() as AddressInfo;

  // Two requests on one connection: the second reaches the server after closing has begun.
  const socket = connect(port, '127.0.0.1');
  let answers = '';
  socket.on('data', (data: Buffer) => (answers += data.toString()));
  socket.write('GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await begun;
  const closed = api.app.close();
  await turn();
  socket.write('GET /v1/datasets HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await turn();
  letGo();
  await once(socket, 'close');
  await closed;
  t.match(answers, /^HTTP\/1\.1 200 OK[^]*\{"done":true\}/, 'the request under way was answered');
  t.match(answers, /HTTP\/1\.1 503 Service Unavailable[^]*retry-after: 5[^]*"code":"shutting_down"/, 'the later one was refused');
  await t.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' }, 'nobody listens any more');
});

t.test('closing does not wait for connections that nobody has asked anything over', { timeout: 20_000 }, async (t) => {
  const api = await startApi(t);
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = api.app.server.address() as AddressInfo;
  const unused = connect(port, '127.0.0.1');
  const begun = connect(port, '127.0.0.1');
  await Promise.all([once(unused, 'connect'), once(begun, 'connect')]);
  begun.write('GET /v1/datasets HTTP/1.1\r\nhost: ');
  await turn();
  const gone = [unused, begun].map((socket) => new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve)));
  await api.app.close();
  await Promise.all(gone);
  t.notOk(api.app.server.listening);
});

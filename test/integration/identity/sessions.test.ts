// How browsers come in: by a cookie that no other site can make use of, and by tickets that are good once.
import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { WebSocket } from 'ws';
import type { BrowserSession } from '../../../src/schemas/identity.js';
import { TEST_KEY } from '../../helpers/key.js';
import { identityPlace, type Answer } from './place.js';

const cookieOf = ({ headers }: Answer<unknown>) => String(headers['set-cookie']).split(';', 1)[0] ?? '';

t.test('a session in a cookie', async (t) => {
  const { ask, done, join } = await identityPlace(t);
  t.equal((await ask('GET', '/v1/session', { key: null })).status, 204, 'none yet');
  t.equal((await ask('POST', '/v1/session', { key: null, json: { key: TEST_KEY.replaceAll('a', 'b') } })).status, 401);
  t.match(await ask('POST', '/v1/session', { key: null, json: { key: 'secret' } }), { status: 400, body: { code: 'bad_request' } });

  const { key, id } = await join('default', 'ann', 'member');
  const login = await ask<BrowserSession>('POST', '/v1/session', { key: null, json: { key } });
  t.match(login, { status: 201, body: { identity: { user: 'ann', team: 'default', role: 'member' } } });
  t.match(String(login.headers['set-cookie']), /^trainyard_session=tys_\w+; .*Path=\/;.*HttpOnly; SameSite=Strict/);
  t.notMatch(String(login.headers['set-cookie']), /Secure|Domain/, 'without TLS');
  const overTls = await ask('POST', '/v1/session', { key: null, json: { key }, headers: { host: 'localhost', origin: 'https://localhost' } });
  t.match(String(overTls.headers['set-cookie']), /Secure/, 'with it, never without');
  t.notMatch(JSON.stringify(login.body), cookieOf(login).slice(-48), 'no script sees it');

  const cookie = cookieOf(login);
  const withCookie = (method: string, path: string, headers: Record<string, string> = {}, json?: unknown) => ask(method, path, { key: null, headers: { cookie, ...headers }, json });
  t.match(await withCookie('GET', '/v1/me'), { status: 200, body: { user: 'ann' } });
  t.match(await withCookie('GET', '/v1/session'), { status: 200, body: { csrfToken: login.body.csrfToken } }, 'a page that is loaded anew');

  const keys = (headers: Record<string, string>) => withCookie('POST', '/v1/keys', headers, { name: 'made by a page' });
  t.match(await keys({}), { status: 403, body: { code: 'csrf_token_missing' } });
  t.match(await keys({ 'x-csrf-token': 'f'.repeat(64) }), { status: 403, body: { code: 'csrf_token_missing' } });
  t.match(await keys({ 'x-csrf-token': String(login.body.csrfToken), origin: 'https://evil.example' }), { status: 403, body: { code: 'origin_not_allowed' } });
  t.equal((await keys({ 'x-csrf-token': String(login.body.csrfToken) })).status, 201);
  t.match(await withCookie('GET', '/v1/me', { authorization: 'Bearer nonsense' }), { status: 401 }, 'a wrong key is not made good by a cookie');

  t.equal((await withCookie('DELETE', '/v1/session', { 'x-csrf-token': String(login.body.csrfToken) })).status, 204);
  t.equal((await withCookie('GET', '/v1/me')).status, 401, 'signed out on the server, too');
  const first = cookieOf(await ask('POST', '/v1/session', { key: null, json: { key } }));
  await ask('POST', '/v1/session', { key: null, json: { key }, headers: { cookie: first } });
  t.equal((await ask('GET', '/v1/me', { key: null, headers: { cookie: first } })).status, 401, 'who signs in anew has no session more than before');
  t.match(await ask('POST', '/v1/session', { key: null, json: { key: 'x'.repeat(2000) } }), { status: 413 });

  const again = cookieOf(await ask('POST', '/v1/session', { key: null, json: { key } }));
  await done('DELETE', `/v1/keys/${id}`);
  t.equal((await ask('GET', '/v1/me', { key: null, headers: { cookie: again } })).status, 401, 'a session goes with its key');
});

t.test('a link opens a session for its run', async (t) => {
  const { ask, done, submit } = await identityPlace(t);
  const { id } = await submit();
  const { link } = await done<{ link: string }>('POST', `/v1/runs/${id}/shares`, {});
  const login = await ask<BrowserSession>('POST', '/v1/session', { key: null, json: { link } });
  t.match(login.body.identity, { user: null, runId: id });
  t.equal((await ask('GET', `/v1/runs/${id}`, { key: null, headers: { cookie: cookieOf(login) } })).status, 200);
  t.equal((await ask('GET', '/v1/runs', { key: null, headers: { cookie: cookieOf(login) } })).status, 403);
});

t.test('WebSockets', async (t) => {
  const place = await identityPlace(t);
  const address = await place.listen();
  const cookie = cookieOf(await place.ask('POST', '/v1/session', { key: null, json: { key: TEST_KEY } }));
  /** 101, or what the handshake was answered with. */
  const handshake = (headers: Record<string, string>, query = '') => new Promise<number>((resolve, reject) => {
    const socket = new WebSocket(`${address.replace('http', 'ws')}/v1/live${query}`, 'trainyard.v1', { headers });
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', reject);
    t.teardown(() => socket.terminate());
  });
  t.equal(await handshake({}), 401);
  t.equal(await handshake({ authorization: `Bearer ${TEST_KEY}` }), 101);
  t.equal(await handshake({ cookie }), 101);
  t.equal(await handshake({ cookie, origin: address }), 101, 'from our own page');
  t.equal(await handshake({ cookie, origin: 'https://evil.example' }), 403, 'from a page of another site');
  t.equal(await handshake({}, `?ticket=${TEST_KEY}`), 401, 'a key is no ticket');
  const { ticket } = await place.done<{ ticket: string }>('POST', '/v1/tickets');
  t.equal((await place.ask('GET', `/v1/me?ticket=${ticket}`, { key: null })).status, 401, 'a ticket is for what can send no header');
  t.equal(await handshake({}, `?ticket=${ticket}`), 101);
  t.equal(await handshake({}, `?ticket=${ticket}`), 401, 'and good once');
  const { id } = await place.submit();
  const forCancel = (await place.done<{ ticket: string }>('POST', '/v1/tickets')).ticket;
  t.equal((await place.ask('POST', `/v1/runs/${id}/cancel?ticket=${forCancel}`, { key: null, headers: { upgrade: 'websocket', connection: 'upgrade' } })).status, 401, 'it opens nothing else');
  t.match(await place.ask('POST', '/v1/session', { key: null, json: { ticket: forCancel } }), { status: 400 }, 'and is no way to a session');

  const session = await place.ask<BrowserSession>('POST', '/v1/session', { key: null, json: { key: TEST_KEY } });
  const signedIn = { cookie: cookieOf(session), 'x-csrf-token': String(session.body.csrfToken) };
  const mine = (await place.ask<{ ticket: string }>('POST', '/v1/tickets', { key: null, headers: signedIn })).body.ticket;
  const unused = (await place.ask<{ ticket: string }>('POST', '/v1/tickets', { key: null, headers: signedIn })).body.ticket;
  const socket = new WebSocket(`${address.replace('http', 'ws')}/v1/live?ticket=${mine}`, 'trainyard.v1');
  await once(socket, 'open');
  const closed = once(socket, 'close');
  await place.ask('DELETE', '/v1/session', { key: null, headers: signedIn });
  t.equal((await closed)[0], 1008, 'what a session has opened ends with it');
  t.equal(await handshake({}, `?ticket=${unused}`), 401, 'and so do its tickets');

  for (const method of ['POST', 'HEAD', 'DELETE']) t.match(await upgraded(address, method), /^HTTP\/1\.1 40[15] /, `${method} with an upgrade is answered, and the connection closed`);

  const spoilt = (await place.done<{ ticket: string }>('POST', '/v1/tickets')).ticket;
  t.equal(await handshake({}, `?ticket=${spoilt.slice(0, -1)}${spoilt.endsWith('0') ? '1' : '0'}`), 401);
  t.equal(await handshake({}, `?ticket=${spoilt}`), 401, 'a guess costs it');
});

/** Resolves when the server has closed the connection. */
async function upgraded(address: string, method: string): Promise<string> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (data: Buffer) => (answer += data.toString()));
  socket.write(`${method} /v1/live HTTP/1.1\r\nhost: ${hostname}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
  await once(socket, 'close');
  return answer;
}

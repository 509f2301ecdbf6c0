// Requests that nobody sends in good faith, over a real socket.
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { startApi, type ApiOptions } from '../../helpers/api.js';
import { TEST_KEY } from '../../helpers/key.js';
import { until } from '../../helpers/poll.js';

async function serve(t: Test, options: ApiOptions = {}) {
  const api = await startApi(t, options);
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = api.app.server.address() as AddressInfo;
  /** Sends it, and answers all that comes back until the server closes. */
  const talk = async (text: string) => {
    const socket = connect(port, '127.0.0.1');
    t.teardown(() => void socket.destroy());
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString('latin1')));
    socket.write(text);
    socket.on('error', () => undefined);
    await once(socket, 'close');
    return answer;
  };
  return { ...api, port, talk };
}

const head = (line: string, ...headers: string[]) => `${[line, 'host: localhost', `authorization: Bearer ${TEST_KEY}`, ...headers].join('\r\n')}\r\n\r\n`;

t.test('a request that never comes to its end is given up', async (t) => {
  const { port, talk, get } = await serve(t, { receiveMs: 400 });
  t.match(await talk('GET /v1/runs HTTP/1.1\r\nhost: local'), /^HTTP\/1\.1 408 .*"code":"request_timeout"/s, 'in the middle of its head');
  t.match(await talk(`${head('POST /v1/runs HTTP/1.1', 'content-type: application/json', 'content-length: 1000')}{"name": "`), /^HTTP\/1\.1 408 /, 'in the middle of its body');

  // A byte now and then, from many at once, while others are served.
  const slow = Array.from({ length: 50 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  t.teardown(() => slow.forEach((socket) => socket.destroy()));
  let closed = 0;
  for (const socket of slow) socket.on('close', () => (closed += 1));
  for (const socket of slow) socket.write(head('POST /v1/runs HTTP/1.1', 'content-type: application/json', 'content-length: 100000'));
  const dripping = setInterval(() => slow.forEach((socket) => socket.writable && socket.write(' ')), 50);
  t.teardown(() => clearInterval(dripping));
  t.equal((await get('/v1/runs')).statusCode, 200);
  await until(() => closed === slow.length, { what: 'all of them to be dropped' });
  clearInterval(dripping);
});

t.test('headers cannot be smuggled in or out', async (t) => {
  const { talk } = await serve(t);
  const close = 'connection: close';
  for (const [what, text] of Object.entries({
    'two lengths': head('POST /v1/runs HTTP/1.1', 'content-length: 2', 'content-length: 3') + '{}x',
    'a length and chunks': head('POST /v1/runs HTTP/1.1', 'content-length: 2', 'transfer-encoding: chunked') + '0\r\n\r\n',
    'a chunk size that is none': head('POST /v1/runs HTTP/1.1', 'content-type: application/json', 'transfer-encoding: chunked') + 'zz\r\n{}\r\n0\r\n\r\n',
    'a folded header': head('GET /v1/me HTTP/1.1', 'x-a: b\r\n c: d', close),
    'a bare line feed': 'GET /v1/me HTTP/1.1\nhost: localhost\nx: \n\n',
    'a NUL in a header': head('GET /v1/me HTTP/1.1', 'x-a: b\0c', close),
    'a space before the colon': head('GET /v1/me HTTP/1.1', 'x-a : b', close),
  })) t.match(await talk(text), /^HTTP\/1\.1 400 .*application\/problem\+json/s, what);

  const injected = '%0d%0aset-cookie:%20injected=1';
  for (const path of [`/v1/runs/${injected}`, `/v1/teams/${injected}`, `/v1/runs/01890000-0000-7000-8000-000000000001/artifacts/a${injected}`, `/problems/${injected}`, `/${injected}`, `/v1/live?ticket=${injected}`]) {
    const answer = await talk(head(`GET ${path} HTTP/1.1`, close));
    t.match(answer, /^HTTP\/1\.1 4\d\d /, path);
    t.notMatch(answer.split('\r\n\r\n', 1)[0], /injected/, 'no header has it');
  }
});

t.test('paths lead nowhere but to files of the index', async (t) => {
  const { talk } = await serve(t);
  const base = '/v1/runs/01890000-0000-7000-8000-000000000001/artifacts/';
  for (const path of ['../../../../etc/passwd', '..%2f..%2f..%2fetc%2fpasswd', '%2e%2e/%2e%2e/etc/passwd', '..%5c..%5cetc%5cpasswd', '/etc/passwd', '%2fetc%2fpasswd', 'model/%00.json', 'model/../../../x', '....//....//etc/passwd', '%252e%252e%252fetc%252fpasswd']) {
    const answer = await talk(head(`GET ${base}${path} HTTP/1.1`, 'connection: close'));
    t.match(answer, /^HTTP\/1\.1 40[04] /, path);
    t.notMatch(answer, /root:/);
  }
  for (const path of ['/assets/../../../package.json', '/assets/%2e%2e/%2e%2e/%2e%2e/package.json', '/assets/..%2f..%2f..%2fpackage.json', '/assets/..%2findex.html', '/docs/static/../../../package.json', '/docs/static/..%2f..%2f..%2f..%2fpackage.json']) {
    const answer = await talk(head(`GET ${path} HTTP/1.1`, 'connection: close'));
    t.notMatch(answer, /"devDependencies"/, path);
    t.notMatch(answer, /^HTTP\/1\.1 (200|5)/, path);
  }
});

t.test('no object is given a prototype', async (t) => {
  const { ask } = await serve(t);
  const polluting = { '/v1/runs': '{"__proto__": {"polluted": 1}}', '/v1/keys': '{"name": "x", "constructor": {"prototype": {"polluted": 1}}}', '/v1/session': '{"key": {"__proto__": {"polluted": 1}}}', '/v1/runs:plan': '{"model": {"layers": [{"\\u005f_proto__": {"polluted": 1}}]}}' };
  for (const [url, payload] of Object.entries(polluting)) t.equal((await ask({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload })).statusCode, 400, url);
  t.equal(({} as { polluted?: unknown }).polluted, undefined);
});

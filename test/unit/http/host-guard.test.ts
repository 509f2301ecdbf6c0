import { pino } from 'pino';
import t, { type Test } from 'tap';
import { buildApp } from '../../../src/app.js';
import { createFakeServices } from '../../fakes/services.js';
import { problemOf, startApi } from '../../helpers/api.js';
import { WITH_KEY } from '../../helpers/key.js';

const ID = '01890000-0000-7000-8000-000000000001';

async function named(t: Test, config: { host?: string; allowedHosts?: readonly string[] }) {
  const { services } = createFakeServices();
  const app = buildApp({ config: { bodyLimitBytes: 1024, leaseMs: 1000, ...config }, services, log: pino({ level: 'silent' }) });
  t.teardown(async () => {
    await app.close();
    await services.hub.close();
  });
  return async (host: string) => (await app.inject({ url: '/v1/datasets', headers: { ...WITH_KEY, host } })).statusCode;
}

t.test('the service is asked for by an address, or by a name that nobody else can own', async (t) => {
  const api = await startApi(t);
  for (const host of ['127.0.0.1:8080', '127.0.0.1', '10.1.2.3:80', '[::1]:8080', '[::1]', 'localhost', 'LOCALHOST:1', 'localhost.', 'run.localhost:8080']) {
    t.equal((await api.get('/v1/datasets', { host })).statusCode, 200, host);
  }
  for (const host of ['evil.com', 'evil.com:8080', 'localhost.evil.com', '127.0.0.1.evil.com', 'evillocalhost', '[evil.com]', 'evil.com@localhost', 'localhost@evil.com', '2130706433', '127.1', 'api']) {
    const response = await api.get('/v1/datasets', { host });
    t.match({ ...problemOf(response), statusCode: response.statusCode }, { statusCode: 403, code: 'host_not_allowed', detail: /TRAINYARD_ALLOWED_HOSTS/ }, JSON.stringify(host));
  }
  for (const url of ['/', '/healthz', '/openapi.json', '/docs/', '/nowhere', '/v1/live']) {
    t.equal(problemOf(await api.get(url, { host: 'evil.com' })).code, 'host_not_allowed', `${url} too`);
  }
});

t.test('it goes by further names when it is told so', async (t) => {
  const ask = await named(t, { host: 'gpu-box.lan', allowedHosts: ['api', 'Trainyard.Example.'] });
  for (const host of ['api:8080', 'API', 'trainyard.example', 'trainyard.example.:443', 'gpu-box.lan:8080', '127.0.0.1']) t.equal(await ask(host), 200, host);
  for (const host of ['x.trainyard.example', 'xapi', 'evil.com']) t.equal(await ask(host), 403, host);
  const everywhere = await named(t, { host: '0.0.0.0' });
  t.equal(await everywhere('192.168.1.7:8080'), 200, 'listening everywhere, it is asked for by its address');
  t.equal(await everywhere('api:8080'), 403, 'and by no name that it was not given');
});

t.test('a page of another origin changes nothing', async (t) => {
  const api = await startApi(t);
  const cancel = (headers: Record<string, string>) => api.ask({ method: 'POST', url: `/v1/runs/${ID}/cancel`, headers: { host: '127.0.0.1:8080', ...headers } });
  for (const origin of ['http://evil.com', 'https://evil.com', 'null', '', 'http://127.0.0.1:9999', 'http://127.0.0.1', 'http://localhost:8080', 'file://', 'http://127.0.0.1:8080.evil.com', 'ftp://127.0.0.1:8080']) {
    t.match(problemOf(await cancel({ origin })), { status: 403, code: 'origin_not_allowed' }, JSON.stringify(origin));
  }
  for (const method of ['DELETE', 'OPTIONS', 'PUT'] as const) {
    t.equal((await api.app.inject({ method, url: `/v1/runs/${ID}`, headers: { origin: 'http://evil.com' } })).statusCode, 403, method);
  }
  t.equal(problemOf(await cancel({ origin: 'http://127.0.0.1:8080' })).code, 'not_found', 'our own page is heard');
  t.equal(problemOf(await cancel({ host: 'localhost', origin: 'http://localhost' })).code, 'not_found', 'also where the port is left out');
  t.equal(problemOf(await cancel({ host: 'localhost:80', origin: 'http://localhost' })).code, 'not_found', 'on one side only');
  t.equal(problemOf(await cancel({ host: '127.0.0.1', origin: 'https://127.0.0.1' })).code, 'not_found', 'and behind TLS');
  t.equal(problemOf(await cancel({})).code, 'not_found', 'what is no page has no origin');
});

t.test('a page of another origin may read what it is not shown', async (t) => {
  const api = await startApi(t);
  const headers = { origin: 'http://evil.com' };
  t.equal((await api.get('/v1/datasets', headers)).statusCode, 200);
  t.equal((await api.ask({ method: 'HEAD', url: '/v1/datasets', headers })).statusCode, 200);
  const upgrade = await api.get('/v1/live', { ...headers, upgrade: 'WebSocket', connection: 'upgrade' });
  t.equal(problemOf(upgrade).code, 'origin_not_allowed', 'but not by a WebSocket, which browsers let any page open');
});

// The live route with a real WebSocket client on a listening app, over a fake log.
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import t, { type Test } from 'tap';
import { WebSocket, type ClientOptions } from 'ws';
import { installErrorHandling } from '../../../src/http/error-handler.js';
import { installHostGuard } from '../../../src/http/host-guard.js';
import { createLiveHub } from '../../../src/live/hub.js';
import { liveRoutes, type LiveRoutesOptions } from '../../../src/live/routes.js';
import type { ServerMessage } from '../../../src/schemas/live.js';
import { FakeClock } from '../../fakes/clock.js';
import { actAs, createFakeIdentity } from '../../fakes/identity.js';
import { FakeBus, FakeLog, numbers, RUN_A } from '../../fakes/live.js';
import { FakeRecords } from '../../fakes/records.js';
import { until } from '../../helpers/poll.js';

async function serve(t: Test, options: Partial<LiveRoutesOptions> = {}) {
  const log = new FakeLog(new FakeClock());
  const bus = new FakeBus();
  const hub = createLiveHub({ events: log, bus, findRun: (id) => log.findRun(id), log: { warn: () => {} } });
  const app = Fastify();
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  installErrorHandling(app);
  installHostGuard(app, []);
  actAs(app);
  const { openConnections } = createFakeIdentity(new FakeRecords(), '');
  const runs = { maySee: async () => true } as unknown as LiveRoutesOptions['services']['runs'];
  await app.register(liveRoutes, { services: { hub, runs, openConnections }, ...options });
  app.get('/plain', async () => ({ plain: true }));
  await app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(() => app.close());
  t.teardown(() => hub.close());
  return { app, hub, log, bus, port: (app.server.address() as AddressInfo).port };
}

function connect(t: Test, port: number, { protocols = ['trainyard.v1'], ...options }: ClientOptions & { protocols?: string[] } = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/live`, protocols, options);
  const messages: ServerMessage[] = [];
  socket.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as ServerMessage | ServerMessage[];
    messages.push(...(Array.isArray(frame) ? frame : [frame]));
  });
  const closed = new Promise<number>((done) => socket.on('close', done));
  socket.on('error', () => {});
  t.teardown(() => socket.terminate());
  return { socket, messages, closed, say: (message: object) => socket.send(JSON.stringify(message)) };
}

/** The status and problem of a refused handshake. */
async function refusal(t: Test, socket: WebSocket): Promise<{ status: number; problem: { code?: string; detail?: string } }> {
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, problem: JSON.parse(Buffer.concat(chunks).toString()) as { code?: string } };
}

t.test('events arrive over a real socket', async (t) => {
  const { log, bus, hub, port } = await serve(t);
  log.appendLines(RUN_A, 300);
  const { socket, messages, say } = connect(t, port);
  await once(socket, 'open');
  t.equal(socket.protocol, 'trainyard.v1', 'the subprotocol is agreed on');
  t.equal(socket.extensions, '', 'frames are not compressed');
  say({ type: 'subscribe', runId: RUN_A, after: 0 });
  await until(() => messages.length === 301, { what: 'the past events' });
  bus.deliver(log.appendLines(RUN_A, 2));
  await until(() => messages.length === 303, { what: 'the live events' });
  t.same(messages.flatMap((message) => (message.type === 'event' ? [message.seq] : [])), numbers(1, 302), 'each once and in order');
  socket.close();
  await until(() => hub.counts().connections === 0, { what: 'the hub to let go of the client' });
});

t.test('handshakes that are refused', async (t) => {
  const { port } = await serve(t);
  const none = await refusal(t, connect(t, port, { protocols: [] }).socket);
  t.match(none, { status: 400, problem: { code: 'bad_request', detail: /trainyard\.v1/ } }, 'without a subprotocol');
  const other = await refusal(t, connect(t, port, { protocols: ['trainyard.v9'] }).socket);
  t.match(other, { status: 400, problem: { code: 'bad_request' } }, 'with an unknown one');
  const foreign = await refusal(t, connect(t, port, { origin: 'https://elsewhere.example' }).socket);
  t.match(foreign, { status: 403, problem: { code: 'origin_not_allowed' } }, "from another host's page");
  const opaque = await refusal(t, connect(t, port, { origin: 'null' }).socket);
  t.match(opaque, { status: 403, problem: { code: 'origin_not_allowed' } }, 'from a page that hides where it is from');
  const rebound = await refusal(t, connect(t, port, { origin: `http://evil.example:${port}`, headers: { host: `evil.example:${port}` } }).socket);
  t.match(rebound, { status: 403, problem: { code: 'host_not_allowed' } }, 'from a page whose name was pointed at us');
  const own = connect(t, port, { origin: `http://127.0.0.1:${port}`, protocols: ['trainyard.v9', 'trainyard.v1'] });
  await once(own.socket, 'open');
  t.equal(own.socket.protocol, 'trainyard.v1', "our own page is welcome, whatever else it offers");
});

t.test('requests that are no handshake', async (t) => {
  const { app, port } = await serve(t);
  const plain = await app.inject('/v1/live');
  t.equal(plain.statusCode, 426, 'a plain GET is told to upgrade');
  t.equal(plain.headers['upgrade'], 'websocket');

  const request = httpRequest({ port, host: '127.0.0.1', path: '/plain', headers: { connection: 'upgrade', upgrade: 'h2c' } }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  t.equal(Buffer.concat(chunks).toString(), '{"plain":true}', 'an offer to upgrade another route is passed over');
  await once(response.socket, 'close');
});

t.test('messages that are too long or binary end the connection', async (t) => {
  const { port } = await serve(t);
  const long = connect(t, port);
  await once(long.socket, 'open');
  long.socket.send('x'.repeat(5000));
  t.equal(await long.closed, 1009);
  const binary = connect(t, port);
  await once(binary.socket, 'open');
  binary.socket.send(Buffer.from('{}'));
  t.equal(await binary.closed, 1003);
});

t.test('a peer that does not answer pings is dropped, others are kept', async (t) => {
  const { hub, port } = await serve(t, { pingEveryMs: 50 });
  const dead = connect(t, port, { autoPong: false } as ClientOptions);
  const alive = connect(t, port);
  await Promise.all([once(dead.socket, 'open'), once(alive.socket, 'open')]);
  t.equal(await dead.closed, 1006, 'without a word, as it does not listen');
  await once(alive.socket, 'ping');
  t.equal(hub.counts().connections, 1, 'the hub has the other one still');
});

t.test('when the service stops, clients are told so', async (t) => {
  const { app, port } = await serve(t, { closeGraceMs: 100 });
  const { socket, closed } = connect(t, port);
  const deaf = connect(t, port);
  await Promise.all([once(socket, 'open'), once(deaf.socket, 'open')]);
  deaf.socket.pause();
  await app.close();
  t.equal(await closed, 1001);
  t.pass('and one that does not listen holds nothing up');
});

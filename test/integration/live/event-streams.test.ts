// Streams of events over real HTTP, over a fake log: when bytes are sent, who is dropped, and how it stops.
import type { AddressInfo } from 'node:net';
import type { ServerResponse } from 'node:http';
import Fastify from 'fastify';
import t, { type Test } from 'tap';
import { ServiceError } from '../../../src/errors.js';
import { installErrorHandling } from '../../../src/http/error-handler.js';
import { installSharedSchemas } from '../../../src/http/shared-schemas.js';
import { buildValidator } from '../../../src/http/validation.js';
import type { EventStreamOptions } from '../../../src/live/event-streams.js';
import { createLiveHub } from '../../../src/live/hub.js';
import { LIVE_LIMITS } from '../../../src/live/limits.js';
import { eventRoutes, type EventRoutesOptions } from '../../../src/runs/event-routes.js';
import type { Run } from '../../../src/schemas/run.js';
import { FakeClock } from '../../fakes/clock.js';
import { actAs, createFakeIdentity } from '../../fakes/identity.js';
import { FakeBus, FakeLog, logLine, numbers, RUN_A, RUN_B } from '../../fakes/live.js';
import { FakeRecords } from '../../fakes/records.js';
import { openEvents } from '../../helpers/event-stream.js';
import { until } from '../../helpers/poll.js';

async function serve(t: Test, { findRun, ...options }: EventStreamOptions & { findRun?: (log: FakeLog) => Promise<Run | null> } = {}) {
  const log = new FakeLog(new FakeClock());
  const bus = new FakeBus();
  const hub = createLiveHub({ events: log, bus, findRun: (id) => findRun?.(log) ?? log.findRun(id), log: { warn: () => {} } });
  const app = Fastify({ schemaController: { compilersFactory: { buildValidator } } });
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  installSharedSchemas(app);
  installErrorHandling(app);
  const responses: ServerResponse[] = [];
  app.addHook('onRequest', async (_request, reply) => void responses.push(reply.raw));
  // Who may see what is another's matter.
  actAs(app);
  const { openConnections } = createFakeIdentity(new FakeRecords(), '');
  const runs = { see: async () => undefined };
  const services = { hub, runs, openConnections, events: log } as unknown as EventRoutesOptions['services'];
  await app.register(eventRoutes, { services, ...options });
  await app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(() => app.close());
  t.teardown(() => hub.close());
  const address = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return { app, hub, log, bus, responses, follow: (query = '', headers = {}, runId = RUN_A) => openEvents(t, `${address}/v1/runs/${runId}/events${query}`, headers) };
}

/** More than the sockets of both sides hold, so that a reader who pauses is felt here. */
const LONG = { count: 1500, line: 'x'.repeat(16_000) };
const appendLong = (log: FakeLog) => log.append(RUN_A, ...Array.from({ length: LONG.count }, () => logLine(LONG.line)));

/** A search for the run that takes until it is told to go on. */
function heldSearch() {
  let goOn = () => {};
  const held = new Promise<void>((done) => (goOn = done));
  const search = {
    asked: false,
    goOn,
    async findRun(log: FakeLog): Promise<Run | null> {
      search.asked = true;
      await held;
      return log.findRun(RUN_A);
    },
  };
  return search;
}

t.test('bytes are sent as they come, and the connection ends with the run', async (t) => {
  const { hub, log, bus, follow } = await serve(t);
  log.enter(RUN_A, 'queued');
  const { parser, headers, ended } = await follow('?after=1');
  t.match(headers, { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked', 'content-encoding': undefined });
  await until(() => parser.retryMs, { what: 'the first bytes, although there is no event' });
  t.equal(parser.lastEventId, '1', 'with the position in them');
  bus.deliver(log.append(RUN_A, logLine('Grüße, 世界\u2028')));
  await until(() => parser.seqs.length === 1, { what: 'a live event' });
  t.match(parser.events, [{ seq: 2, data: { message: 'Grüße, 世界\u2028' } }]);
  bus.deliver(log.enter(RUN_A, 'succeeded'));
  t.equal(await ended, true, 'whole');
  t.match(parser.messages.at(-1), { type: 'end', lastEventId: '3' });
  t.equal((await follow('', { 'last-event-id': '3' })).status, 204, 'and is not to come back');
  t.equal(hub.counts().connections, 0);
});

t.test('heartbeats tell the position, also past events that were not asked for', async (t) => {
  const { log, bus, follow } = await serve(t, { heartbeatEveryMs: 20 });
  log.enter(RUN_A, 'running');
  const { parser } = await follow('?kind=state');
  await until(() => parser.comments.length > 2, { what: 'heartbeats' });
  bus.deliver(log.appendLines(RUN_A, 5));
  await until(() => parser.lastEventId === '6', { what: 'a heartbeat with the new position' });
  t.same(parser.seqs, [1], 'which is no event');
  t.equal(parser.messages.length, 1);
});

t.test('a client that leaves is let go', async (t) => {
  const { hub, log, follow } = await serve(t);
  log.enter(RUN_A, 'running');
  const { parser, cut } = await follow();
  await until(() => parser.seqs.length === 1, { what: 'the stream to begin' });
  t.equal(hub.counts().connections, 1);
  cut();
  await until(() => hub.counts().connections === 0, { what: 'the hub to let go of it' });
});

t.test('a client that leaves before the run was found is let go as well', async (t) => {
  const search = heldSearch();
  const { hub, log, responses, follow } = await serve(t, { findRun: search.findRun });
  log.enter(RUN_A, 'running');
  const answer = follow().catch((error: unknown) => error);
  await until(() => search.asked, { what: 'the run to be looked for' });
  responses[0]?.req.socket.destroy();
  t.ok((await answer) instanceof Error);
  search.goOn();
  await until(() => hub.counts().runs === 0, { what: 'the hub to let go of it' });
});

t.test('a slow reader costs bounded memory, moves nobody, and gets everything', async (t) => {
  const { log, bus, responses, follow } = await serve(t);
  log.enter(RUN_A, 'running');
  const slow = await follow();
  slow.pause();
  const quick = await follow();
  appendLong(log);
  bus.deliver({ runId: RUN_A, head: log.head(RUN_A) });
  bus.deliver(log.enter(RUN_A, 'succeeded'));
  const head = LONG.count + 2;
  t.equal(await quick.ended, true, 'another reader is done');
  t.same(quick.parser.seqs, numbers(1, head));
  const kept = responses[0]?.writableLength ?? 0;
  t.ok(kept > LIVE_LIMITS.highBytes / 2 && kept < 2 * LIVE_LIMITS.highBytes, `${kept} bytes of ${LONG.count * LONG.line.length} are kept for the slow one`);
  slow.resume();
  t.equal(await slow.ended, true);
  t.same(slow.parser.seqs, numbers(1, head), 'which then gets the rest');
  t.equal(slow.parser.messages.at(-1)?.type, 'end');
});

t.test('a peer that takes nothing is dropped, others are kept', async (t) => {
  const { hub, log, follow } = await serve(t, { heartbeatEveryMs: 100 });
  log.enter(RUN_A, 'running');
  appendLong(log);
  const alive = await follow(`?after=${LONG.count}`);
  const dead = await follow();
  dead.pause();
  t.equal(hub.counts().connections, 2);
  await until(() => hub.counts().connections === 1, { what: 'the dead one to be dropped' });
  const beats = alive.parser.comments.length;
  await until(() => alive.parser.comments.length > beats, { what: 'a heartbeat to the other' });
});

t.test('a slow reader may take its time for the end', async (t) => {
  const { log, bus, responses, follow } = await serve(t, { heartbeatEveryMs: 300, closeGraceMs: 1 });
  log.enter(RUN_A, 'running');
  const slow = await follow();
  slow.pause();
  const unsent = () => responses[0]?.writableLength ?? 0;
  // Bit by bit, each once the one before was written: beyond `highBytes` the end would have to wait for the reader,
  // and less than this may still go when the other side's window opens a little.
  while (unsent() < LIVE_LIMITS.highBytes / 4) {
    const before = responses[0]?.socket?.bytesWritten ?? 0;
    bus.deliver(log.append(RUN_A, ...Array.from({ length: 12 }, () => logLine(LONG.line))));
    await until(() => (responses[0]?.socket?.bytesWritten ?? 0) >= before + 12 * LONG.line.length, { what: 'the lines to be written', everyMs: 5 });
  }
  bus.deliver(log.enter(RUN_A, 'succeeded'));
  await until(() => responses[0]?.writableEnded, { what: 'the end to be written' });
  t.ok(unsent() > 0, 'which it has not read');
  const faults: Error[] = [];
  responses[0]?.on('error', (error) => faults.push(error));
  log.enter(RUN_B, 'running');
  const other = await follow('', {}, RUN_B);
  await until(() => other.parser.comments.length > 0, { what: 'the next heartbeat' });
  t.same(faults, [], 'which is not for one that has its end');
  slow.resume();
  t.equal(await slow.ended, true);
  t.same(slow.parser.seqs, numbers(1, log.head(RUN_A)));
  t.equal(slow.parser.named('end').length, 1);
});

t.test('when the service stops, streams end without an end, and a deaf one holds nothing up', async (t) => {
  const { app, hub, log, responses, follow } = await serve(t, { closeGraceMs: 100 });
  log.enter(RUN_A, 'running');
  appendLong(log);
  const good = await follow(`?after=${LONG.count}`);
  const deaf = await follow();
  deaf.pause();
  await until(() => good.parser.seqs.length === 1 && (responses[1]?.writableLength ?? 0) > 0, { what: 'one to have what there is, the other to be stuck' });
  await app.close();
  t.equal(await good.ended, true, 'it ends in order');
  t.same(good.parser.named('end'), [], 'but the run has not: the client will ask again');
  t.equal(good.parser.comments.at(-1), 'the service is stopping');
  await until(() => hub.counts().connections === 0, { what: 'the hub to let go of them' });
});

t.test('a stream that would begin while the service stops is refused', async (t) => {
  const search = heldSearch();
  const { app, hub, log, follow } = await serve(t, { findRun: search.findRun });
  log.enter(RUN_A, 'running');
  const answer = follow();
  await until(() => search.asked, { what: 'the run to be looked for' });
  const closing = app.close();
  await until(() => !app.server.listening, { what: 'the service to stop listening' });
  search.goOn();
  const { status, body, ended } = await answer;
  await ended;
  t.match({ status, problem: JSON.parse(body()) as object }, { status: 503, problem: { code: 'shutting_down' } });
  t.equal(hub.counts().connections, 0);
  await closing;
});

t.test("a browser's EventSource, for which a refusal is final, is put off instead", async (t) => {
  let fault: Error | null = new ServiceError('database_unavailable');
  const { log, follow } = await serve(t, {
    async findRun(log) {
      if (fault !== null) throw fault;
      return log.findRun(RUN_A);
    },
  });
  log.enter(RUN_A, 'running');
  t.equal((await follow()).status, 503, 'others are refused');
  const browser = { 'sec-fetch-mode': 'cors', 'last-event-id': '1' };
  const putOff = await follow('', browser);
  t.match(putOff, { status: 200, headers: { 'content-type': 'text/event-stream' } });
  t.equal(await putOff.ended, true);
  t.match(putOff.parser, { retryMs: 5000, messages: [], comments: [/database/i] });
  t.notMatch(putOff.body(), /\n\n/, 'its position is not forgotten');
  fault = new ServiceError('not_found');
  t.equal((await follow('', browser)).status, 404, 'what stays so is told');
  fault = null;
  t.match((await follow('', browser)).headers, { 'content-type': 'text/event-stream' });
});

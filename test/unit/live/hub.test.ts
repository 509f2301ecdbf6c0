// The live protocol by example: answers, batching, sharing, slow readers, limits.
import t from 'tap';
import { ServiceError } from '../../../src/errors.js';
import { createLiveHub, type LiveHubOptions } from '../../../src/live/hub.js';
import { FakeClock, settled } from '../../fakes/clock.js';
import { FakeBus, FakeClient, FakeLog, logLine, numbers, RUN_A, RUN_B } from '../../fakes/live.js';

function setUp(options: Partial<LiveHubOptions> = {}) {
  const clock = new FakeClock();
  const log = new FakeLog(clock);
  const bus = new FakeBus();
  const warnings: string[] = [];
  const hub = createLiveHub({ events: log, bus, findRun: (id) => log.findRun(id), log: { warn: (_, message) => void warnings.push(message) }, clock, ...options });
  const connect = () => {
    const client = new FakeClient(clock);
    const connection = hub.connect(client);
    const say = async (message: object | string) => {
      connection.receive(typeof message === 'string' ? message : JSON.stringify(message));
      await settled();
    };
    return { client, connection, say };
  };
  return { clock, log, bus, hub, connect, warnings };
}

t.test('a subscription begins with its answer, then what is missing, then what happens', async (t) => {
  const { clock, log, bus, connect } = setUp();
  log.appendLines(RUN_A, 3);
  const { client, say } = connect();
  await say({ type: 'subscribe', runId: RUN_A, after: 1 });
  t.same(client.messages[0], { type: 'subscribed', runId: RUN_A, head: 3, recovered: true }, 'the answer names the head');
  t.same(client.seqs(RUN_A), [2, 3], 'the events after the position follow');
  await clock.advance(50);
  bus.deliver(log.append(RUN_A, logLine('live')));
  t.same(
    client.messages.at(-1),
    { type: 'event', runId: RUN_A, seq: 4, kind: 'log', at: '2026-01-01T00:00:00.000Z', data: { level: 'info', message: 'live' } },
    'a notice that carries its event is forwarded at once, without the log',
  );
  t.equal(log.reads.length, 1, 'the log was read for the missing ones alone');
});

t.test('an id in capitals is the same run', async (t) => {
  const { clock, log, bus, connect } = setUp();
  log.appendLines(RUN_A, 1);
  const { client, say } = connect();
  await say({ type: 'subscribe', runId: RUN_A.toUpperCase() });
  t.same(client.messages[0], { type: 'subscribed', runId: RUN_A, head: 1, recovered: true }, 'it is answered by its one name');
  bus.deliver(log.append(RUN_A, logLine('live')));
  await clock.advance(60_000);
  t.same(client.seqs(RUN_A), [1, 2], 'its events come');
  t.same(client.ofType('deleted'), [], 'and it is not taken for gone');
});

t.test('positions', async (t) => {
  const { log, connect } = setUp();
  log.appendLines(RUN_A, 3);
  const { client, say } = connect();

  await say({ type: 'subscribe', runId: RUN_A, after: 'now' });
  t.same(client.seqs(RUN_A), [], '"now" asks for no past events');
  await say({ type: 'subscribe', runId: RUN_A });
  t.same(client.seqs(RUN_A), [1, 2, 3], 'no position asks for all of them');
  await say({ type: 'subscribe', runId: RUN_A, after: 4 });
  t.match(client.messages.at(-1), { type: 'error', code: 'bad_request', runId: RUN_A, detail: /has 3 events/ }, 'a position after the head is an error');
  log.appendLines(RUN_A, 1);
  await say({ type: 'subscribe', runId: RUN_A, after: 4 });
  t.match(client.messages.at(-1), { type: 'subscribed', head: 4 }, 'unless the log has grown without a notice');
});

t.test('a run that does not exist, and one that is deleted', async (t) => {
  const { clock, log, bus, hub, connect } = setUp();
  const { client, say } = connect();
  await say({ type: 'subscribe', runId: RUN_A, after: 0 });
  t.match(client.messages, [{ type: 'error', code: 'not_found', runId: RUN_A }], 'the first is told by an error');
  t.equal(bus.listenerCount(), 0, 'nobody listens for it');

  log.appendLines(RUN_A, 1);
  await say({ type: 'subscribe', runId: RUN_A, after: 0 });
  log.events.delete(RUN_A);
  await clock.advance(2000);
  t.same(client.messages.at(-1), { type: 'deleted', runId: RUN_A }, 'the second by a message');
  t.same(hub.counts(), { connections: 1, subscriptions: 0, runs: 0 }, 'nothing is kept of it');
});

t.test('a lost notice is made up for by the next comparison of heads, and by a gap of the bus at once', async (t) => {
  const { clock, log, bus, connect } = setUp();
  log.appendLines(RUN_A, 1);
  const { client, say } = connect();
  await say({ type: 'subscribe', runId: RUN_A, after: 0 });
  log.appendLines(RUN_A, 2);
  await clock.advance(1000);
  t.same(client.seqs(RUN_A), [1], 'nobody knows of the events yet');
  await clock.advance(1000);
  t.same(client.seqs(RUN_A), [1, 2, 3], 'two seconds later they are there');
  log.appendLines(RUN_A, 1);
  bus.gap();
  await clock.advance(50);
  t.same(client.seqs(RUN_A), [1, 2, 3, 4], 'after a gap there is no wait');
});

t.test('a log that fails is tried again, and its subscriber misses nothing', async (t) => {
  const { clock, log, bus, connect, warnings } = setUp();
  log.appendLines(RUN_A, 5);
  const { client, say } = connect();
  await say({ type: 'subscribe', runId: RUN_A, after: 5 });
  log.down = new Error('the database is away');
  bus.deliver({ runId: RUN_A, head: log.appendLines(RUN_A, 2).head });
  await clock.advance(5000);
  t.same(client.seqs(RUN_A), [], 'nothing can be read');
  t.ok(warnings.some((warning) => warning.includes(RUN_A)), 'the failure is logged');
  await say({ type: 'subscribe', runId: RUN_B, after: 0 });
  t.match(client.messages.at(-1), { type: 'error', code: 'internal', runId: RUN_B }, 'a new subscription is refused for now');
  log.down = null;
  await clock.advance(2000);
  t.same(client.seqs(RUN_A), [6, 7], 'then it is read');
});

t.test('a known fault of the service is told by its code', async (t) => {
  const { connect } = setUp({ findRun: () => Promise.reject(new ServiceError('database_unavailable')) });
  const { client, say } = connect();
  await say({ type: 'subscribe', runId: RUN_A, after: 0 });
  t.match(client.messages, [{ type: 'error', code: 'database_unavailable', runId: RUN_A }]);
});

t.test('two hundred subscribers of a run share its readings', async (t) => {
  const { clock, log, bus, connect } = setUp();
  log.appendLines(RUN_A, 600);
  const all = Array.from({ length: 200 }, connect);
  for (const { connection } of all) connection.receive(JSON.stringify({ type: 'subscribe', runId: RUN_A, after: 0 }));
  await clock.advance(1000);
  t.ok(all.every(({ client }) => client.seqs(RUN_A).length === 600), 'all have the past');
  t.ok(log.reads.length <= 4, `three pages were read ${log.reads.length} times in all`);

  const before = log.reads.length;
  bus.deliver({ runId: RUN_A, head: log.appendLines(RUN_A, 10).head });
  await clock.advance(100);
  t.ok(all.every(({ client }) => client.seqs(RUN_A).length === 610), 'all have the news');
  t.equal(log.reads.length, before + 1, 'a notice without events costs one reading');
  bus.deliver(log.appendLines(RUN_A, 10));
  await clock.advance(100);
  t.same(all[199]?.client.seqs(RUN_A), numbers(1, 620), 'the last client has each event once');
  t.equal(log.reads.length, before + 1, 'a notice with its events costs none');
});

t.test('events are sent at once after a silence, then gathered into at most twenty frames a second', async (t) => {
  const { clock, log, bus, connect } = setUp();
  log.appendLines(RUN_A, 1);
  const { client, say } = connect();
  await say({ type: 'subscribe', runId: RUN_A, after: 'now' });
  await clock.advance(1000);
  const before = client.frames.length;
  bus.deliver(log.appendLines(RUN_A, 1));
  t.equal(client.frames.length, before + 1, 'the first goes out without a wait');
  for (let ms = 0; ms < 1000; ms += 5) {
    bus.deliver(log.appendLines(RUN_A, 1));
    await clock.advance(5);
  }
  await clock.advance(50);
  t.same(client.seqs(RUN_A), numbers(2, 202), 'all of them arrive');
  t.ok(client.frames.length - before <= 22, `200 events in a second made ${client.frames.length - before} frames`);
});

t.test('a slow reader is told how the run stands, and catches up with every event', async (t) => {
  const limits = { highBytes: 2000, lowBytes: 500, frameBytes: 1000 };
  const { clock, log, bus, connect } = setUp({ limits });
  log.append(RUN_A, { kind: 'state', at: '2026-01-01T00:00:00.000Z', data: { state: 'running', attempt: 1 } });
  const { client, connection, say } = connect();
  client.slow = true;
  await say({ type: 'subscribe', runId: RUN_A, after: 0 });
  for (let second = 0; second < 10; second += 1) {
    for (let event = 0; event < 20; event += 1) {
      const step = second * 20 + event + 1;
      bus.deliver(log.append(RUN_A, { kind: 'metrics', at: '2026-01-01T00:00:00.000Z', data: { attempt: 1, epoch: 1, steps: [step], series: { loss: [1 / step] }, examplesPerSecond: 9 } }));
      await clock.advance(50);
    }
  }
  const lagging = client.ofType('lagging');
  t.ok(lagging.length >= 8 && lagging.length <= 10, `in ten seconds it was told ${lagging.length} times`);
  t.match(lagging.at(-1), { head: Number, state: 'running', epoch: 1, metrics: { loss: Number } }, 'with the latest numbers');
  t.ok((lagging.at(-1)?.step ?? 0) > 150, 'which are of now, not of what it has read');
  t.ok(client.bufferedBytes() < limits.highBytes + 4000, 'little was kept for it');
  t.ok(client.seqs(RUN_A).length < 60, 'most events were not sent');

  client.slow = false;
  client.drain();
  connection.drained();
  await clock.advance(1000);
  t.same(client.seqs(RUN_A), numbers(1, 201), 'once it reads again it gets all that it missed, in order');
  const told = client.ofType('lagging').length;
  await clock.advance(5000);
  t.equal(client.ofType('lagging').length, told, 'then it is slow no longer');
});

t.test('a reader that takes nothing is closed with 1013', async (t) => {
  const { clock, log, hub, connect } = setUp({ limits: { highBytes: 500, lowBytes: 100, frameBytes: 400 } });
  log.appendLines(RUN_A, 50);
  const stuck = connect();
  stuck.client.slow = true;
  await stuck.say({ type: 'subscribe', runId: RUN_A, after: 0 });
  await clock.advance(29_000);
  t.equal(stuck.client.closedWith, null, 'not before it had its time');
  await clock.advance(3000);
  t.equal(stuck.client.closedWith?.code, 1013, 'but then');
  t.same(hub.counts(), { connections: 0, subscriptions: 0, runs: 0 }, 'nothing is kept of it');

  const greedy = setUp({ limits: { hardBytes: 1000 } }).connect();
  greedy.client.slow = true;
  for (let index = 0; index < 60 && greedy.client.closedWith === null; index += 1) await greedy.say({ type: 'ping', id: 'x'.repeat(20) });
  t.equal(greedy.client.closedWith?.code, 1013, 'and at once past the hard limit, be it by pongs');
});

t.test('unsubscribing, and closing', async (t) => {
  const { clock, log, bus, hub, connect } = setUp();
  log.appendLines(RUN_A, 1);
  const one = connect();
  const two = connect();
  for (const { say } of [one, two]) await say({ type: 'subscribe', runId: RUN_A, after: 0 });
  await one.say({ type: 'unsubscribe', runId: RUN_A });
  t.same(one.client.messages.at(-1), { type: 'unsubscribed', runId: RUN_A }, 'an unsubscribe is answered');
  bus.deliver(log.appendLines(RUN_A, 1));
  await clock.advance(100);
  t.same(one.client.seqs(RUN_A), [1], 'and nothing comes after it');
  t.same(two.client.seqs(RUN_A), [1, 2], 'others go on');
  two.connection.closed();
  t.equal(bus.listenerCount(), 0, 'when the last watcher leaves, the run is no longer listened for');

  await hub.close();
  t.same(one.client.closedWith, { code: 1001, reason: 'the service is stopping' }, 'a stopping hub says so');
  t.equal(connect().client.closedWith?.code, 1001, 'also to whoever comes late');
});

t.test('an unsubscribe does not overtake the subscribe before it', async (t) => {
  const clock = new FakeClock();
  const log = new FakeLog(clock, { latency: () => 100 });
  log.appendLines(RUN_A, 1);
  const { client, connection } = setUp({ findRun: (id) => log.findRun(id), clock }).connect();
  connection.receive(JSON.stringify({ type: 'subscribe', runId: RUN_A, after: 'now' }));
  connection.receive(JSON.stringify({ type: 'unsubscribe', runId: RUN_A }));
  await clock.advance(1000);
  t.same(client.messages.map((message) => message.type), ['subscribed', 'unsubscribed']);
});

t.test('limits of a connection', async (t) => {
  t.test('malformed messages are answered, and end the connection when there are many', async (t) => {
    const { client, say } = setUp().connect();
    for (const text of ['{', '{"type":"dance"}', '{"type":"subscribe","runId":"7"}', '[]']) await say(text);
    t.equal(client.ofType('error').length, 4, 'each is answered');
    t.ok(client.ofType('error').every((error) => error.code === 'bad_request' && error.detail.endsWith('.')), 'in words');
    t.equal(client.closedWith, null, 'a few are forgiven');
    await say('null');
    t.equal(client.closedWith?.code, 1008, 'five are not');
  });
  t.test('long messages', async (t) => {
    const { client, say } = setUp().connect();
    await say(JSON.stringify({ type: 'ping', id: 'x'.repeat(5000) }));
    t.equal(client.closedWith?.code, 1009);
  });
  t.test('too many messages in a second', async (t) => {
    const { clock, connect } = setUp({ limits: { messagesPerSecond: 10 } });
    const { client, say } = connect();
    for (let second = 0; second < 3; second += 1) {
      for (let index = 0; index < 10; index += 1) await say({ type: 'ping' });
      await clock.advance(1000);
    }
    t.equal(client.ofType('pong').length, 30, 'the allowed rate may go on for ever');
    for (let index = 0; index < 11; index += 1) await say({ type: 'ping' });
    t.equal(client.closedWith?.code, 1008, 'more may not');
  });
  t.test('too many runs', async (t) => {
    const { clock, log, connect } = setUp({ limits: { subscriptions: 1 } });
    log.appendLines(RUN_A, 1);
    log.appendLines(RUN_B, 1);
    const { client, say } = connect();
    await say({ type: 'subscribe', runId: RUN_A, after: 0 });
    await say({ type: 'subscribe', runId: RUN_B, after: 0 });
    t.match(client.messages.at(-1), { type: 'error', code: 'rate_limited', runId: RUN_B }, 'the one too many is refused');
    await say({ type: 'subscribe', runId: RUN_A, after: 0 });
    await clock.advance(50);
    t.same(client.seqs(RUN_A), [1, 1], 'subscribing anew to a watched one is not');
  });
  t.test('too many clients', async (t) => {
    const { connect } = setUp({ limits: { connections: 1 } });
    const first = connect();
    t.equal(connect().client.closedWith?.code, 1013, 'the one too many is closed');
    first.connection.closed();
    t.equal(connect().client.closedWith, null, 'until another has gone');
  });
  t.test('a ping is answered with its id', async (t) => {
    const { client, say } = setUp().connect();
    await say({ type: 'ping', id: 'a' });
    t.same(client.messages, [{ type: 'pong', id: 'a' }]);
  });
});

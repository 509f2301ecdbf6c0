// A run's events as one stream: what comes, when it ends, and what a slow reader costs.
import fc from 'fast-check';
import t from 'tap';
import { eventStreamFraming, streamOpening } from '../../../src/live/event-stream-framing.js';
import { createLiveHub, type LiveHubOptions } from '../../../src/live/hub.js';
import type { EventKind } from '../../../src/schemas/event.js';
import { FakeClock, settled } from '../../fakes/clock.js';
import { FakeBus, FakeClient, FakeLog, FakeStreamClient, logLine, numbers, RUN_A } from '../../fakes/live.js';

function setUp(options: Partial<LiveHubOptions> = {}, latency = () => 0) {
  const clock = new FakeClock();
  const log = new FakeLog(clock, { latency });
  const bus = new FakeBus();
  const hub = createLiveHub({ events: log, bus, findRun: (id) => log.findRun(id), log: { warn: () => {} }, clock, ...options });
  const open = (after = 0, kinds?: EventKind[]) => hub.openStream(RUN_A, { after, framing: eventStreamFraming(kinds) });
  const follow = async (after = 0, kinds?: EventKind[]) => {
    const stream = await open(after, kinds);
    const client = new FakeStreamClient();
    stream.start(client);
    await settled();
    return { stream, client, parser: client.parser };
  };
  return { clock, log, bus, hub, open, follow };
}

t.test('what is missing comes first, then what happens, and after the last event an end', async (t) => {
  const { clock, log, bus, hub, follow } = setUp();
  log.appendLines(RUN_A, 3);
  const { client, parser } = await follow(1);
  t.same(parser.seqs, [2, 3], 'the events after the position');
  await clock.advance(50);
  bus.deliver(log.append(RUN_A, logLine('live\r\nin two lines')));
  t.same(
    parser.messages.at(-1),
    { type: 'message', lastEventId: '4', data: '{"seq":4,"kind":"log","at":"2026-01-01T00:00:00.000Z","data":{"level":"info","message":"live\\r\\nin two lines"}}' },
    'one is an unnamed message with its number, and the JSON that REST has for it',
  );
  bus.deliver(log.enter(RUN_A, 'paused'));
  await clock.advance(10_000);
  t.equal(client.closedWith, null, 'a paused run may go on');
  bus.deliver(log.enter(RUN_A, 'succeeded'));
  t.same(parser.seqs, numbers(2, 6));
  t.match(parser.messages.at(-1), { type: 'end', lastEventId: '6', data: JSON.stringify({ type: 'end', runId: RUN_A, head: 6, state: 'succeeded' }) });
  t.match(client.closedWith, { code: 1000 });
  t.same(hub.counts(), { connections: 0, subscriptions: 0, runs: 0 }, 'nothing is kept of it');
});

t.test('a run that has ended', async (t) => {
  const { log, follow, open } = setUp({ limits: { pageEvents: 4 } });
  log.appendLines(RUN_A, 9);
  log.enter(RUN_A, 'failed');
  const { client, parser } = await follow(3);
  t.same(parser.seqs, numbers(4, 10), 'is told to its end');
  t.same(parser.named('end'), [{ type: 'end', runId: RUN_A, head: 10, state: 'failed' }]);
  t.ok(client.closedWith);
  const done = await open(10);
  t.equal(done.complete, true, 'there is nothing more for who has its last event');
  done.closed();
  const early = await open(9);
  t.equal(early.complete, false, 'but for who has not');
  early.closed();
});

t.test('an end that is only known by its number is read first', async (t) => {
  const { clock, log, bus, follow } = setUp();
  log.appendLines(RUN_A, 1);
  const { parser } = await follow();
  const { head } = log.enter(RUN_A, 'cancelled');
  bus.deliver({ runId: RUN_A, head });
  await clock.advance(50);
  t.same(parser.seqs, [1, 2]);
  t.match(parser.named('end'), [{ head: 2, state: 'cancelled' }]);
});

t.test('a number that the log does not know delays the end, no more', async (t) => {
  const { clock, log, bus, follow } = setUp();
  log.appendLines(RUN_A, 1);
  const { client, parser } = await follow();
  await clock.advance(1000);
  bus.deliver({ runId: RUN_A, head: 9 });
  bus.deliver(log.enter(RUN_A, 'succeeded'));
  await clock.advance(4000);
  t.same(parser.seqs, [1, 2]);
  t.match(parser.named('end'), [{ head: 2 }]);
  t.ok(client.closedWith);
});

t.test('some kinds only', async (t) => {
  const { clock, log, bus, follow } = setUp();
  log.enter(RUN_A, 'running');
  log.appendLines(RUN_A, 300);
  const { stream, client, parser } = await follow(0, ['warning', 'state']);
  await clock.advance(100);
  t.same(parser.seqs, [1], 'the others are left out');
  t.equal(stream.position, 301, 'and the position is past them');
  const frames = client.frameCount;
  bus.deliver(log.appendLines(RUN_A, 5));
  await clock.advance(100);
  t.equal(client.frameCount, frames, 'nothing is sent for them');
  bus.deliver(log.append(RUN_A, { kind: 'warning', at: '2026-01-01T00:00:00.000Z', data: { code: 'test', message: 'careful' } }, logLine('x')));
  await clock.advance(100);
  t.same(parser.seqs, [1, 307]);

  const unwanted = await follow(0, ['epoch']);
  bus.deliver(log.enter(RUN_A, 'succeeded'));
  await clock.advance(100);
  t.same(parser.seqs, [1, 307, 309]);
  t.match(unwanted.parser.messages, [{ type: 'end', lastEventId: '309' }], 'the end is told to who wants none of the events, with the number of the last');
});

t.test('a run that is deleted', async (t) => {
  const { clock, log, hub, follow, open } = setUp();
  log.appendLines(RUN_A, 1);
  const { client, parser } = await follow();
  log.events.delete(RUN_A);
  await clock.advance(2000);
  t.same(parser.named('deleted'), [{ type: 'deleted', runId: RUN_A }]);
  t.match(client.closedWith, { code: 1000 });
  t.equal(hub.counts().runs, 0);
  await t.rejects(open(), { code: 'not_found' }, 'there is none to come back to');
});

t.test('a log that fails is tried again', async (t) => {
  const { clock, log, bus, follow } = setUp();
  log.appendLines(RUN_A, 2);
  const { parser } = await follow();
  log.down = new Error('the database is away');
  log.appendLines(RUN_A, 2);
  bus.deliver({ runId: RUN_A, head: log.enter(RUN_A, 'succeeded').head });
  await clock.advance(5000);
  t.same(parser.seqs, [1, 2]);
  log.down = null;
  await clock.advance(2000);
  t.same(parser.seqs, numbers(1, 5));
  t.equal(parser.named('end').length, 1);
});

t.test('streams and WebSockets of a run share its readings', async (t) => {
  const { clock, log, bus, hub, follow } = setUp();
  log.appendLines(RUN_A, 600);
  const streams = await Promise.all(Array.from({ length: 100 }, () => follow()));
  const sockets = Array.from({ length: 100 }, () => new FakeClient(clock));
  for (const socket of sockets) hub.connect(socket).receive(JSON.stringify({ type: 'subscribe', runId: RUN_A, after: 0 }));
  await clock.advance(1000);
  bus.deliver(log.appendLines(RUN_A, 10));
  await clock.advance(100);
  t.ok(streams.every(({ parser }) => parser.seqs.length === 610) && sockets.every((socket) => socket.seqs(RUN_A).length === 610), 'all have all');
  t.same(streams[99]?.parser.seqs, numbers(1, 610));
  t.ok(log.reads.length <= 8, `the log was read ${log.reads.length} times for 200 clients`);
  t.same(hub.counts(), { connections: 200, subscriptions: 200, runs: 1 });
});

t.test('a slow reader costs little, is told how the run stands, and gets everything before the end', async (t) => {
  const limits = { highBytes: 2000, lowBytes: 500, frameBytes: 1000 };
  const { clock, log, bus, follow } = setUp({ limits });
  log.enter(RUN_A, 'running');
  const quick = await follow();
  const { stream, client, parser } = await follow();
  client.slow = true;
  for (let event = 0; event < 200; event += 1) {
    bus.deliver(log.appendLines(RUN_A, 1));
    await clock.advance(50);
  }
  t.equal(quick.parser.seqs.length, 201, 'another reader is where the run is');
  t.ok(parser.seqs.length < 60, 'this one was sent little');
  t.ok(client.bufferedBytes() < limits.highBytes + 4000, 'and little is kept for it');
  t.match(parser.named('lagging').at(-1), { runId: RUN_A, state: 'running', head: Number });
  bus.deliver(log.enter(RUN_A, 'succeeded'));
  await clock.advance(1000);
  t.equal(quick.parser.named('end').length, 1);
  t.equal(client.closedWith, null, 'the run ends before it has read it');
  client.slow = false;
  client.drain();
  stream.drained();
  await clock.advance(1000);
  t.same(parser.seqs, numbers(1, 202));
  t.equal(parser.messages.at(-1)?.type, 'end');
});

t.test('a reader that takes nothing is closed', async (t) => {
  const { clock, log, bus, hub, follow } = setUp({ limits: { highBytes: 500, lowBytes: 100, frameBytes: 400 } });
  log.appendLines(RUN_A, 1);
  const { client } = await follow();
  client.slow = true;
  bus.deliver(log.appendLines(RUN_A, 50));
  await clock.advance(29_000);
  t.equal(client.closedWith, null, 'not before it had its time');
  await clock.advance(3000);
  t.equal(client.closedWith?.code, 1013, 'but then');
  t.same(hub.counts(), { connections: 0, subscriptions: 0, runs: 0 });
});

t.test('positions that are past the head, limits, and a hub that stops', async (t) => {
  const { log, hub, open, follow } = setUp({ limits: { connections: 2 } });
  await t.rejects(open(), { code: 'not_found' });
  log.appendLines(RUN_A, 3);
  const one = await open(4);
  t.ok(one.head < one.position, 'a position past the head shows');
  log.appendLines(RUN_A, 1);
  const two = await open(4);
  t.equal(two.head, 4, 'unless the log has grown without a notice');
  await t.rejects(open(), { code: 'rate_limited' }, 'there may be so many clients');
  one.closed();
  two.closed();
  t.equal((await hub.openStream(RUN_A.toUpperCase(), { after: 0, framing: eventStreamFraming() })).head, 4, 'an id in capitals is the same run');

  const { client } = await follow();
  await hub.close();
  t.match(client.closedWith, { code: 1001 });
  t.same(client.parser.named('end'), [], 'it has not ended');
  await t.rejects(open(), { code: 'shutting_down' });
});

t.test('a stream that is closed before it was begun', async (t) => {
  const { log, hub, open } = setUp();
  log.appendLines(RUN_A, 1);
  const stream = await open();
  await hub.close();
  const client = new FakeStreamClient();
  stream.start(client);
  t.match(client.closedWith, { code: 1001 });
});

type Fate = 'inline' | 'head' | 'lost' | 'doubled';
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 12 }), fate: fc.constantFrom<Fate>('inline', 'head', 'lost', 'doubled') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drain' as const), bytes: fc.nat({ max: 2000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('slow' as const), slow: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 7, 60, 300) }) },
);

t.test('whatever happens, a client that connects again from its last id has each event once, in order, and then the end', async (t) => {
  const limits = { pageEvents: 5, tailEvents: 8, tailBytes: 1500, frameBytes: 400, highBytes: 900, lowBytes: 300, stallMs: 1e9, laggingEveryMs: 100, concurrentReads: 2 };
  let reconnections = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 50 }), fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 20 }), fc.boolean(), async (steps, latencies, some) => {
      let reads = 0;
      const { clock, log, bus, hub, open } = setUp({ limits }, () => latencies[(reads += 1) % latencies.length] ?? 0);
      const kinds: EventKind[] | undefined = some ? ['state'] : undefined;
      log.enter(RUN_A, 'running');
      const clients = [new FakeStreamClient()];
      const begin = async (client: FakeStreamClient, after: number) => {
        const opening = open(after, kinds);
        await clock.advance(1000);
        const stream = await opening;
        client.send(streamOpening(stream.position));
        stream.start(client);
        return stream;
      };
      let client = clients[0]!;
      let stream = await begin(client, 0);
      const tell = (notice: ReturnType<FakeLog['appendLines']>, fate: Fate) => {
        if (fate === 'inline' || fate === 'doubled') bus.deliver(notice);
        if (fate === 'doubled') bus.deliver(notice);
        if (fate === 'head') bus.deliver({ runId: RUN_A, head: notice.head });
      };
      for (const one of steps) {
        if (one.do === 'append') tell(one.count % 3 === 0 ? log.enter(RUN_A, 'running') : log.appendLines(RUN_A, one.count), one.fate);
        else if (one.do === 'slow') client.slow = one.slow;
        else if (one.do === 'advance') await clock.advance(one.ms);
        else if (one.do === 'drain') {
          client.drain(one.bytes);
          stream.drained();
        } else {
          reconnections += 1;
          stream.closed();
          const after = Number(client.parser.lastEventId);
          clients.push((client = new FakeStreamClient()));
          stream = await begin(client, after);
        }
      }
      tell(log.enter(RUN_A, 'succeeded'), 'lost');
      client.slow = false;
      client.drain();
      await clock.advance(10_000);
      const wanted = (log.events.get(RUN_A) ?? []).filter(({ kind }) => kinds?.includes(kind) ?? true).map(({ seq }) => seq);
      const seen = clients.flatMap(({ parser }) => parser.seqs);
      if (JSON.stringify(seen) !== JSON.stringify(wanted)) throw new Error(`saw ${seen.join()} of ${wanted.join()}`);
      const last = client.parser.messages.at(-1);
      if (last?.type !== 'end' || Number(last.lastEventId) !== log.head(RUN_A) || client.closedWith?.code !== 1000) throw new Error('there was no end');
      if (bus.listenerCount() !== 0 || hub.counts().connections !== 0) throw new Error('something is kept of it');
      await hub.close();
    }),
    { numRuns: 300, seed: 20260801 },
  );
  t.ok(reconnections > 100, `with ${reconnections} reconnections`);
});

// Whatever happens to notices, readings and readers, a subscriber gets exactly the events after its position.
import fc from 'fast-check';
import t from 'tap';
import { createLiveHub, type LiveConnection } from '../../../src/live/hub.js';
import type { EventNotice } from '../../../src/live/bus.js';
import type { ServerMessage } from '../../../src/schemas/live.js';
import { FakeClock } from '../../fakes/clock.js';
import { FakeBus, FakeClient, FakeLog, numbers, RUN_A, RUN_B } from '../../fakes/live.js';

const RUNS = [RUN_A, RUN_B];
const CLIENT_COUNT = 3;

type Fate = 'inline' | 'head' | 'lost' | 'late' | 'doubled';
type Step =
  | { do: 'append'; run: number; count: number; fate: Fate }
  | { do: 'deliverLate' }
  | { do: 'subscribe'; client: number; run: number; after: number | 'now' }
  | { do: 'unsubscribe'; client: number; run: number }
  | { do: 'slow'; client: number; slow: boolean }
  | { do: 'drain'; client: number; bytes: number }
  | { do: 'gap' }
  | { do: 'advance'; ms: number };

const run = fc.nat({ max: RUNS.length - 1 });
const client = fc.nat({ max: CLIENT_COUNT - 1 });
const append = fc.record({
  do: fc.constant('append' as const),
  run,
  count: fc.integer({ min: 1, max: 12 }),
  fate: fc.constantFrom<Fate>('inline', 'inline', 'head', 'lost', 'late', 'doubled'),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: append },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deliverLate' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('subscribe' as const), client, run, after: fc.oneof(fc.nat({ max: 40 }), fc.constant('now' as const)) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), client, run }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('slow' as const), client, slow: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drain' as const), client, bytes: fc.nat({ max: 4000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('gap' as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 1, 7, 60, 300) }) },
);

/** So small that every path is taken: pages, a trimmed tail, several frames, pauses. */
const limits = { pageEvents: 5, tailEvents: 8, tailBytes: 1500, frameBytes: 400, highBytes: 900, lowBytes: 300, stallMs: 1e9, laggingEveryMs: 100, concurrentReads: 2, messagesPerSecond: 1e6 };

/** Checks one client's messages of one run against what it asked for; answers where its last subscription stands. */
function checkStream(messages: readonly ServerMessage[], asked: readonly (number | 'now')[]): { watching: boolean; next: number } {
  let subscribeCount = 0;
  let watching = false;
  let next = 0;
  for (const message of messages) {
    if (message.type === 'error') subscribeCount += 1;
    if (message.type === 'subscribed') {
      const after = asked[subscribeCount];
      subscribeCount += 1;
      if (after === undefined) throw new Error('an answer to nothing');
      watching = true;
      next = (after === 'now' ? message.head : after) + 1;
    }
    if (message.type === 'unsubscribed') watching = false;
    if (message.type === 'event') {
      if (!watching || message.seq !== next) throw new Error(`event ${message.seq} came where ${watching ? next : 'none'} was due`);
      next += 1;
    }
  }
  if (subscribeCount !== asked.length) throw new Error(`${asked.length} subscribes were answered ${subscribeCount} times`);
  return { watching, next };
}

t.test('every client ends with exactly the events after its position, in order', async (t) => {
  let watchedToTheEnd = 0;
  let lagged = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 20 }), async (steps, latencies) => {
      const clock = new FakeClock();
      let reads = 0;
      const log = new FakeLog(clock, { latency: () => latencies[(reads += 1) % latencies.length] ?? 0 });
      const bus = new FakeBus();
      const hub = createLiveHub({ events: log, bus, findRun: (id) => log.findRun(id), log: { warn: (_, what) => { throw new Error(what); } }, limits, clock });
      const clients = Array.from({ length: CLIENT_COUNT }, () => new FakeClient(clock));
      const connections: LiveConnection[] = clients.map((one) => hub.connect(one));
      const asked = clients.map(() => RUNS.map((): (number | 'now')[] => []));
      const late: EventNotice[] = [];
      for (const runId of RUNS) log.appendLines(runId, 9);

      for (const step of steps) {
        switch (step.do) {
          case 'append': {
            const notice = log.appendLines(RUNS[step.run] ?? RUN_A, step.count);
            if (step.fate === 'late') late.push(notice);
            if (step.fate === 'inline' || step.fate === 'doubled') bus.deliver(notice);
            if (step.fate === 'doubled') bus.deliver(notice);
            if (step.fate === 'head') bus.deliver({ runId: notice.runId, head: notice.head });
            break;
          }
          case 'deliverLate': {
            // The latest first, so that late ones are out of order too.
            const notice = late.pop();
            if (notice) bus.deliver(notice);
            break;
          }
          case 'subscribe':
            asked[step.client]?.[step.run]?.push(step.after);
            connections[step.client]?.receive(JSON.stringify({ type: 'subscribe', runId: RUNS[step.run], after: step.after }));
            break;
          case 'unsubscribe':
            connections[step.client]?.receive(JSON.stringify({ type: 'unsubscribe', runId: RUNS[step.run] }));
            break;
          case 'slow': {
            const client = clients[step.client];
            if (client) client.slow = step.slow;
            break;
          }
          case 'drain':
            clients[step.client]?.drain(step.bytes);
            connections[step.client]?.drained();
            break;
          case 'gap':
            bus.gap();
            break;
          case 'advance':
            await clock.advance(step.ms);
        }
      }
      for (const one of clients) {
        one.slow = false;
        one.drain();
      }
      await clock.advance(10_000);

      clients.forEach((one, clientIndex) => {
        if (one.closedWith !== null) throw new Error(`closed with ${one.closedWith.code} ${one.closedWith.reason}`);
        lagged += one.ofType('lagging').length;
        RUNS.forEach((runId, runIndex) => {
          const messages = one.messages.filter((message) => 'runId' in message && message.runId === runId);
          const { watching, next } = checkStream(messages, asked[clientIndex]?.[runIndex] ?? []);
          if (!watching) return;
          watchedToTheEnd += 1;
          if (next !== log.head(runId) + 1) throw new Error(`ended before ${next} of ${log.head(runId)} events`);
        });
      });
      await hub.close();
      if (bus.listenerCount() !== 0 || hub.counts().runs !== 0) throw new Error('a closed hub still listens');
    }),
    { numRuns: 500, seed: 20260731 },
  );
  t.ok(watchedToTheEnd > 300, 'many subscriptions lasted to the end');
  t.ok(lagged > 0, 'some clients were slow enough to be told so');
});

t.test('a reader that drains byte by byte still gets all of a long log', async (t) => {
  const clock = new FakeClock();
  const log = new FakeLog(clock);
  log.appendLines(RUN_A, 500);
  const hub = createLiveHub({ events: log, bus: new FakeBus(), findRun: (id) => log.findRun(id), log: { warn: () => {} }, limits: { ...limits, laggingEveryMs: 1000 }, clock });
  const slow = new FakeClient(clock);
  slow.slow = true;
  hub.connect(slow).receive(JSON.stringify({ type: 'subscribe', runId: RUN_A, after: 0 }));
  for (let turn = 0; turn < 2000 && slow.seqs(RUN_A).length < 500; turn += 1) {
    slow.drain(100);
    await clock.advance(50);
  }
  t.same(slow.seqs(RUN_A), numbers(1, 500), 'each event came once, in order');
  t.ok(slow.ofType('lagging').length > 10, 'it was told how the run stands meanwhile');
});

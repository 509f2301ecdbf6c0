// The page's WebSocket: what was missed while it was away comes once, and one is told how much that was.
import { mock } from 'node:test';
import t from 'tap';
import { Connection, type Link, type Socket } from '../../../src/dashboard/live/connection.js';
import type { RunEvent } from '../../../src/dashboard/live/protocol.js';

function scene(t: { teardown(work: () => void): void }) {
  const sockets: (Socket & { sent: Record<string, unknown>[] })[] = [];
  const links: Link[] = [];
  const seen: number[] = [];
  let refused = 0;
  const clock = { now: 0 };
  const connection = new Connection({
    connect: () => {
      const sent: Record<string, unknown>[] = [];
      const socket = { sent, send: (text: string) => void sent.push(JSON.parse(text) as Record<string, unknown>), close: () => socket.onclose?.({ code: 1000 }), onopen: null, onmessage: null, onclose: null } as (typeof sockets)[number];
      sockets.push(socket);
      return socket;
    },
    onLink: (link) => void links.push(link),
    onDevices: () => undefined,
    onRefused: () => (refused += 1),
    random: () => 0,
    now: () => clock.now,
  });
  t.teardown(() => connection.stop());
  const watcher = { gone: 0, stale: 0, onEvent: ({ seq }: RunEvent) => void seen.push(seq), onGone: () => (watcher.gone += 1), onStale: () => (watcher.stale += 1) };
  const last = () => sockets.at(-1)!;
  return {
    clock, connection, links, seen, sockets, watcher, last,
    refused: () => refused,
    tell: (...messages: object[]) => last().onmessage?.({ data: JSON.stringify(messages.length === 1 ? messages[0] : messages) }),
    event: (seq: number, points = 1) => ({ type: 'event', runId: 'r', seq, kind: 'metrics', at: '', data: { steps: Array.from({ length: points }, (_, at) => at), series: {} } }),
    subscribed: (head: number) => ({ type: 'subscribed', runId: 'r', head, recovered: true }),
  };
}

t.test('every event once and in order, across a lost connection', async (t) => {
  const { connection, sockets, seen, links, watcher, tell, event, subscribed, last } = scene(t);
  connection.watch('r', 5, watcher);
  connection.start();
  t.equal(links.at(-1)?.status, 'connecting');
  last().onopen?.();
  t.same(last().sent, [{ type: 'subscribe', runId: 'r', after: 5 }], 'from where the reading ended');
  tell(subscribed(6), event(5), event(6), event(6), event(7));
  t.same(seen, [6, 7]);
  t.equal(links.at(-1)?.status, 'live');

  last().onclose?.({ code: 1001 });
  t.equal(links.at(-1)?.status, 'reconnecting');
  connection.start();
  t.equal(sockets.length, 2, 'at once, where somebody asks for it');
  last().onopen?.();
  t.same(last().sent, [{ type: 'subscribe', runId: 'r', after: 7 }], 'only what was missed');
  tell(subscribed(9));
  tell(event(8, 100));
  t.same(links.at(-1), { status: 'reconnecting', fetched: 100 });
  tell(event(9, 114));
  t.same(links.at(-1), { status: 'live', fetched: 214 }, 'it says how much that was');
  tell(event(10, 5));
  t.same(seen, [6, 7, 8, 9, 10]);
  connection.unwatch('r');
  t.same(links.at(-1), { status: 'live', fetched: 214 }, 'for as long as somebody may still want to read it');
  last().onclose?.({ code: 1001 });
  t.same(links.at(-1), { status: 'reconnecting', fetched: 0 }, 'the next time it is counted anew');
});

t.test('what looks like a gap is asked for again, once', async (t) => {
  const { connection, seen, watcher, tell, event, subscribed, last } = scene(t);
  connection.watch('r', 0, watcher);
  connection.start();
  last().onopen?.();
  tell(subscribed(3), event(1), event(3), event(4));
  t.same(seen, [1]);
  t.same(last().sent.at(-1), { type: 'subscribe', runId: 'r', after: 1 });
  t.equal(last().sent.length, 2);
  tell(subscribed(4), event(2), event(3), event(4));
  t.same(seen, [1, 2, 3, 4]);
});

t.test('runs that are gone, logs that are others, and a service that refuses', async (t) => {
  const { connection, watcher, tell, last, refused, links } = scene(t);
  connection.start();
  last().onopen?.();
  connection.watch('r', 9, watcher);
  tell({ type: 'error', code: 'bad_request', detail: '', runId: 'r' });
  t.equal(watcher.stale, 1);
  connection.watch('r', 0, watcher);
  tell({ type: 'deleted', runId: 'r' });
  t.equal(watcher.gone, 1);
  connection.watchDevices(true);
  t.same(last().sent.at(-1), { type: 'subscribeDevices' });
  last().onclose?.({ code: 1008 });
  t.equal(refused(), 1);
  t.same(links.at(-1), { status: 'reconnecting', fetched: 0 });
  connection.start();
  last().onopen?.();
  t.same(last().sent, [{ type: 'subscribeDevices' }], 'what is still wanted');
  t.equal(links.at(-1)?.status, 'live', 'with nothing to fetch it is live at once');
});

t.test('a service that refuses after the handshake is asked ever less often', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const { connection, sockets, watcher, tell, last, subscribed } = scene(t);
  connection.watch('r', 0, watcher);
  connection.start();
  const refusedFor = (ms: number) => {
    for (let at = 0; at < ms; at += 50) {
      if (last().onopen !== null) {
        last().onopen?.();
        last().onclose?.({ code: 1013 });
      }
      mock.timers.tick(50);
    }
  };
  refusedFor(60_000);
  t.ok(sockets.length < 24, `${sockets.length} times in a minute`);
  while (last().onopen === null) mock.timers.tick(50);
  last().onopen?.();
  tell(subscribed(0));
  last().onclose?.({ code: 1001 });
  const before = sockets.length;
  mock.timers.tick(200);
  t.equal(sockets.length, before + 1, 'and one that had it subscribe, at once');
});

t.test('a service that nobody hears is back on the page within seconds, however long it was away', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const { connection, sockets, last } = scene(t);
  connection.start();
  last().onopen?.();
  last().onclose?.({ code: 1006 });
  for (let at = 0; at < 10 * 60_000; at += 50) {
    if (last().onclose !== null) last().onclose?.({ code: 1006 });
    mock.timers.tick(50);
  }
  const tries = sockets.length;
  t.ok(tries > 300 && tries < 600, `${tries} times in ten minutes`);
});

t.test('a connection is given up when a question stays without an answer', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.teardown(() => mock.timers.reset());
  const { clock, connection, links, tell, last } = scene(t);
  connection.start();
  last().onopen?.();
  const pulse = (ms: number) => {
    clock.now += ms;
    mock.timers.tick(5000);
  };
  pulse(60_000);
  t.same(last().sent, [{ type: 'ping' }], 'timers of a hidden page run once a minute');
  t.equal(links.at(-1)?.status, 'live', 'which says nothing of the connection');
  tell({ type: 'pong' });
  pulse(60_000);
  t.same(last().sent.length, 2, 'the answer came: it is asked again');
  t.equal(links.at(-1)?.status, 'live');
  pulse(5000);
  t.equal(links.at(-1)?.status, 'live', 'an answer may take its time');
  pulse(5000);
  t.equal(links.at(-1)?.status, 'reconnecting');
});

t.test('where something else says that the service is away, it is asked at once, and given up soon', async (t) => {
  mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const { connection, links, tell, last } = scene(t);
  connection.start();
  last().onopen?.();
  connection.doubt();
  connection.doubt();
  t.same(last().sent, [{ type: 'ping' }], 'once');
  tell({ type: 'pong' });
  mock.timers.tick(2000);
  t.equal(links.at(-1)?.status, 'live', 'it was there');
  connection.doubt();
  mock.timers.tick(1999);
  t.equal(links.at(-1)?.status, 'live');
  mock.timers.tick(1);
  t.equal(links.at(-1)?.status, 'reconnecting');
  connection.doubt();
  t.equal(links.at(-1)?.status, 'reconnecting');
});

// Streams of events as the service answers them, on a real database: a run is written while its readers lose their
// connections, come back to another process, and outlive a restart. What each has in the end is what the pages say.
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { buildApp } from '../../../src/app.js';
import { compose } from '../../../src/compose.js';
import { ServiceError } from '../../../src/errors.js';
import type { EventPage, NewEvent, RunEvent } from '../../../src/schemas/event.js';
import type { Services } from '../../../src/services.js';
import { logLine } from '../../fakes/live.js';
import { findBrowser, startBrowser } from '../../helpers/browser.js';
import { call, connectLive } from '../../helpers/client.js';
import { testLog } from '../../helpers/config.js';
import { openEvents, type EventStream } from '../../helpers/event-stream.js';
import { TEST_KEY } from '../../helpers/key.js';
import { until } from '../../helpers/poll.js';
import { box, type Box } from '../workers/harness.js';

/** One process of the API, and what the tests need of it. */
async function startApi(t: Test, { config, stores }: Box, port = 0, change: (services: Services) => Services = (services) => services) {
  const composition = await compose({ ...config, databaseUrl: stores.queueConnection.url, role: 'api' }, testLog());
  const app = buildApp({ config, services: change(composition.services), log: testLog() });
  const stop = async () => {
    await app.close();
    await composition.close();
  };
  t.teardown(stop);
  await app.listen({ port, host: '127.0.0.1' });
  const { port: taken } = app.server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${taken}`, port: taken, stop };
}

/** A run that trains, and its writer. */
async function startRun(box: Box) {
  const { id } = await box.submit();
  const fence = { runId: id, attempt: 1 };
  await box.stores.lifecycle.claim(fence, 'writer');
  await box.stores.lifecycle.advance(fence, 'running');
  return {
    id,
    path: `/v1/runs/${id}/events`,
    async write(batchCount: number) {
      for (let batch = 0; batch < batchCount; batch += 1) {
        const events = await box.stores.events.append(fence, [...Array.from({ length: 8 }, (_, index) => logLine(`${batch}.${index}`)), lossOf(batch), lossOf(NaN)]);
        await box.stores.bus.publishEvents({ runId: id, head: events.at(-1)?.seq ?? 0, events });
      }
    },
    async end() {
      await box.stores.lifecycle.advance(fence, 'finalizing');
      await box.stores.lifecycle.end(fence, { state: 'succeeded', reason: null, message: null });
    },
  };
}

const lossOf = (value: number): NewEvent => ({
  kind: 'metrics', at: '2026-01-01T00:00:00.000Z',
  data: { attempt: 1, epoch: 1, steps: [1], series: { loss: [Number.isFinite(value) ? value : 'NaN'] }, examplesPerSecond: 1 },
});

async function pages(address: string, path: string): Promise<RunEvent[]> {
  const all: RunEvent[] = [];
  for (;;) {
    const { body } = await call<EventPage>(address, `${path}?after=${all.length}&limit=100`);
    all.push(...body.items);
    if (!body.hasMore) return all;
  }
}

/** A client that remembers what it has, and comes back with its last id. */
class Reader {
  readonly seen: RunEvent[] = [];
  stream: EventStream | null = null;

  constructor(readonly t: Test, readonly path: string) {}

  async connect(address: string): Promise<number> {
    const last = this.stream?.parser.lastEventId ?? '';
    this.stream = await openEvents(this.t, `${address}${this.path}`, last === '' ? {} : { 'last-event-id': last });
    return this.stream.status;
  }

  /** Drops the connection once it has `count` events more. */
  async leave(count: number): Promise<void> {
    await until(() => (this.stream?.parser.events.length ?? 0) >= count, { what: `${count} events` });
    this.stream?.cut();
    await this.lost();
  }

  /** Waits for the end of the connection; answers whether the run has come to its own. */
  async lost(): Promise<boolean> {
    await this.stream?.ended;
    this.seen.push(...(this.stream?.parser.events ?? []));
    return this.stream?.parser.named('end').length === 1;
  }
}

t.test('each reader has each event once, in order, whatever becomes of connections and processes', async (t) => {
  const one = await box(t, { leaseMs: 600_000 });
  const run = await startRun(one);
  const [first, second] = [await startApi(t, one), await startApi(t, one)];
  await run.write(20);

  const steady = new Reader(t, run.path);
  const restless = new Reader(t, run.path);
  const slow = new Reader(t, run.path);
  const late = new Reader(t, run.path);
  for (const reader of [steady, restless, slow]) t.equal(await reader.connect(first.address), 200);
  slow.stream?.pause();

  let writing = run.write(40);
  await restless.leave(50);
  await restless.connect(first.address);
  await restless.leave(30);
  await restless.connect(second.address);
  await writing;

  writing = run.write(30);
  await first.stop();
  for (const reader of [steady, slow]) {
    reader.stream?.resume();
    t.equal(await reader.lost(), false, 'a process that stops does not say that the run has ended');
  }
  await writing;
  const again = await startApi(t, one, first.port);
  t.equal(again.address, first.address);
  for (const reader of [steady, slow]) t.equal(await reader.connect(again.address), 200);
  slow.stream?.pause();
  await late.connect(again.address);
  const some = await openEvents(t, `${again.address}${run.path}?kind=state`);
  const live = await connectLive(t, again.address);
  live.send({ type: 'subscribe', runId: run.id, after: 0 });
  await run.write(30);
  await run.end();
  for (const reader of [steady, restless, late]) t.equal(await reader.lost(), true, 'the end of the run is told');
  slow.stream?.resume();
  t.equal(await slow.lost(), true);

  const log = await pages(again.address, run.path);
  t.equal(log.length, 3 + 120 * 10 + 2);
  t.same(log.map((event) => event.seq), Array.from(log, (_, index) => index + 1));
  for (const [name, reader] of Object.entries({ steady, restless, slow, late })) t.same(reader.seen, log, name);
  await until(() => live.events(run.id).length === log.length, { what: 'the WebSocket to have all' });
  t.same(live.events(run.id).map(({ seq, kind, at, data }) => ({ seq, kind, at, data })), log, 'a WebSocket tells the same');
  await some.ended;
  t.same(some.parser.events, log.filter(({ kind }) => kind === 'state'), 'so does a stream of one kind, of that kind');
  for (const reader of [steady, restless, slow, late]) t.equal(await reader.connect(again.address), 204, 'there is nothing to come back for');
});

t.test('a run that is deleted under its reader', async (t) => {
  const one = await box(t, { leaseMs: 600_000 });
  const api = await startApi(t, one);
  const run = await startRun(one);
  const stream = await openEvents(t, `${api.address}${run.path}`);
  await until(() => stream.parser.seqs.length === 3, { what: 'its events' });
  // The API deletes ended runs only, of which nobody but a slow reader still has a stream.
  await one.stores.database.run.delete({ where: { id: run.id } });
  t.equal(await stream.ended, true);
  t.same(stream.parser.named('deleted'), [{ type: 'deleted', runId: run.id }]);
  t.equal((await openEvents(t, `${api.address}${run.path}`)).status, 404);
});

const chromium = findBrowser();
const skip = chromium === null ? 'no Chromium on this machine; CHROMIUM_PATH may name one' : false;

t.test("a browser's EventSource outlives a restart by itself, and stops when the run has ended", { skip }, async (t) => {
  const one = await box(t, { leaseMs: 600_000 });
  const run = await startRun(one);
  const api = await startApi(t, one);
  const browser = await startBrowser(t, String(chromium));
  const page = await browser.newPage();
  await page.goto(`${api.address}/healthz`);
  await page.evaluate(`fetch('/v1/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(JSON.stringify({ key: TEST_KEY }))} })`);
  await page.evaluate(`
    var seqs = [], ends = [], source = new EventSource(${JSON.stringify(run.path)});
    source.onmessage = (event) => seqs.push(Number(event.lastEventId));
    source.addEventListener('end', (event) => ends.push(JSON.parse(event.data)));
  `);
  const seqs = () => page.evaluate<number[]>('seqs');
  await run.write(5);
  await until(async () => (await seqs()).length === 53, { what: 'live events' });
  await api.stop();
  await run.write(5);
  let refusals = 0;
  const again = await startApi(t, one, api.port, (services) => ({
    ...services,
    hub: {
      ...services.hub,
      async openStream(...about) {
        if (refusals++ === 0) throw new ServiceError('database_unavailable');
        return services.hub.openStream(...about);
      },
    },
  }));
  await until(async () => (await seqs()).length === 103, { what: 'the events of the time between', deadlineMs: 20_000 });
  t.ok(refusals > 1, 'it came back after a refusal too');
  await run.end();
  await until(() => page.evaluate<boolean>('source.readyState === EventSource.CLOSED'), { what: 'the EventSource to be told to stop' });
  const log = await pages(again.address, run.path);
  t.same(await seqs(), log.map((event) => event.seq), 'each once, in order');
  t.match(await page.evaluate('ends'), [{ type: 'end', runId: run.id, head: 105, state: 'succeeded' }]);
});

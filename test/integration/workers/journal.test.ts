// The journal when the database breaks off at the worst moment: after the commit, before the answer.
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { connectDatabase } from '../../../src/db/client.js';
import { createDatabaseClock } from '../../../src/db/clock.js';
import { createEventLog } from '../../../src/live/event-log.js';
import type { NewEvent } from '../../../src/schemas/event.js';
import { Journal } from '../../../workers/journal.js';
import { pointsOf } from '../../contracts/subject.js';
import type { TestScope } from '../../helpers/postgres.js';
import { box } from './harness.js';

const step = (n: number): NewEvent => ({
  kind: 'metrics',
  at: new Date().toISOString(),
  data: { attempt: 1, epoch: 1, steps: [n], series: { loss: [1 / n] }, examplesPerSecond: 100 },
});

/** A way to the database that, once armed, lets one append through, which commits by itself, and breaks before its answer. */
async function deafWay(t: TestScope, url: string) {
  let isArmed = false;
  let broken = 0;
  const { hostname, port } = new URL(url);
  const server = createServer((client) => {
    const database = connect(Number(port), hostname);
    let isAppending = false;
    client.on('data', (chunk: Buffer) => {
      isAppending ||= isArmed && chunk.includes('INSERT INTO run_events');
      database.write(chunk);
    });
    database.on('data', (chunk: Buffer) => {
      if (!isAppending) return client.write(chunk);
      isArmed = false;
      broken += 1;
      client.destroy();
      database.destroy();
    });
    for (const [one, other] of [[client, database], [database, client]] as const) one.on('error', () => undefined).on('close', () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  const way = new URL(url);
  way.port = String((server.address() as AddressInfo).port);
  return { url: way.href, arm: () => (isArmed = true), broken: () => broken };
}

t.test('a batch whose commit was not answered is in the log once, with what came meanwhile after it', async (t) => {
  const { submit, stores, runs, teamId } = await box(t);
  const { id } = await submit();
  const run = await stores.lifecycle.claim({ runId: id, attempt: 1 }, 'me');
  const way = await deafWay(t, stores.queueConnection.url);
  const database = connectDatabase({ url: way.url, maxConnections: 2 });
  t.teardown(() => database.$disconnect());
  const journal = new Journal({
    fence: { runId: id, attempt: 1 },
    head: run?.head ?? 0,
    events: createEventLog(database, createDatabaseClock(database)),
    bus: stores.bus,
    spoolFile: join(t.testdir(), 'spool'),
    onSpoolError: (error) => t.fail(String(error)),
    onBroken: (error) => t.fail(String(error)),
    onAway: () => journal.write(step(3), step(4)),
  });
  journal.write(step(1));
  await journal.settled();
  way.arm();
  journal.write(step(2));
  await runs.cancel(teamId, id);
  await journal.settled();
  journal.write(step(5));
  await journal.settled();
  t.equal(way.broken(), 1, 'the connection broke once');
  t.same(await pointsOf(stores.metrics, id, 'batch/loss'), { steps: [1, 2, 3, 4, 5], values: [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5] }, 'the curve has each step once');
  const { items, head } = await stores.events.read(id, { after: 0, limit: 100 });
  t.same(items.map((item) => item.seq), Array.from({ length: head }, (_, index) => index + 1), 'numbers have no gap');
  t.same(items.flatMap((item) => (item.kind === 'metrics' ? item.data.steps : [])), [1, 2, 3, 4, 5], 'each step is told once, in order');
  t.equal(items.filter((item) => item.kind === 'state').length, 3, 'queued, starting and cancelling are there');
});

// The live hub over the real log and the real bus, with a writer that is another connection: nothing is
// missed and nothing comes twice while clients come in between.
import t from 'tap';
import { connectDatabase } from '../../../src/db/client.js';
import { createDatabaseClock } from '../../../src/db/clock.js';
import { seedDatabase } from '../../../src/db/seed.js';
import { createDatasetCatalog } from '../../../src/datasets/catalog.js';
import { createEventLog } from '../../../src/live/event-log.js';
import { createLiveHub, type LiveClient } from '../../../src/live/hub.js';
import { createPostgresBus } from '../../../src/live/postgres-bus.js';
import { createRunRepository } from '../../../src/runs/run-repository.js';
import type { ServerMessage } from '../../../src/schemas/live.js';
import type { NewEvent } from '../../../src/schemas/event.js';
import type { RunSpec } from '../../../src/schemas/spec.js';
import { planSubmission } from '../../../src/specs/plan-submission.js';
import { logLine, numbers } from '../../fakes/live.js';
import { until } from '../../helpers/poll.js';
import { testDatabase } from '../../helpers/postgres.js';

const SPEC = {
  dataset: { name: 'mnist' }, model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }] },
  optimizer: { type: 'sgd' }, loss: 'sparseCategoricalCrossentropy', fit: { batchSize: 100, epochs: 1 },
} as const;

class Recorder implements LiveClient {
  readonly messages: ServerMessage[] = [];
  send(text: string): void {
    const frame = JSON.parse(text) as ServerMessage | ServerMessage[];
    this.messages.push(...(Array.isArray(frame) ? frame : [frame]));
  }
  bufferedBytes(): number {
    return 0;
  }
  close(): void {}
  seqs(): number[] {
    return this.messages.flatMap((message) => (message.type === 'event' ? [message.seq] : []));
  }
}

t.test('clients that come while a run is written', async (t) => {
  const { url } = await testDatabase(t);
  const database = connectDatabase({ url, maxConnections: 4 });
  const datasets = createDatasetCatalog();
  const teamId = await seedDatabase(database, datasets.list());
  const onError = (error: Error) => t.comment(error.message);
  const [bus, writersBus] = [createPostgresBus({ url, onError }), createPostgresBus({ url, onError })];
  const runs = createRunRepository(database, createDatabaseClock(database));
  const events = createEventLog(database, createDatabaseClock(database));
  const hub = createLiveHub({ events, bus, findRun: (id) => runs.find(teamId, id), log: { warn: (details, what) => t.comment(what, details) } });
  t.teardown(async () => {
    await hub.close();
    await Promise.all([bus.close(), writersBus.close()]);
    await database.$disconnect();
  });

  const { plan } = planSubmission(SPEC, datasets, { limitBytes: 1e12 });
  const { run } = await runs.create({ teamId, name: 'live', recipe: null, spec: SPEC as unknown as RunSpec, plan, hyperparameters: [] });
  const fence = { runId: run.id, attempt: 1 };
  await runs.change(run.id, { to: 'starting', set: { attempt: 1 } });
  const write = async (...added: NewEvent[]) => {
    const written = await events.append(fence, added);
    await writersBus.publishEvents({ runId: run.id, head: written.at(-1)?.seq ?? 0, events: written });
  };

  const clients: { after: number; client: Recorder }[] = [];
  for (let batch = 0; batch < 60; batch += 1) {
    await write(...Array.from({ length: 10 }, (_, index) => logLine(`${batch}.${index}`)));
    if (batch % 10 === 5) {
      const client = new Recorder();
      const after = batch * 5;
      clients.push({ after, client });
      hub.connect(client).receive(JSON.stringify({ type: 'subscribe', runId: run.id, after }));
    }
  }
  const head = 2 + 600;
  for (const { after, client } of clients) {
    await until(() => client.seqs().length >= head - after, { what: `the client after ${after} to have all` });
    t.same(client.seqs(), numbers(after + 1, head), `the client after ${after} has each event once, in order`);
  }

  await runs.change(run.id, { to: 'cancelling' });
  await runs.change(run.id, { to: 'cancelled' });
  await runs.delete(teamId, run.id);
  await until(() => clients.every(({ client }) => client.messages.at(-1)?.type === 'deleted'), { what: 'all to hear that the run is gone' });
  t.same(clients[0]?.client.messages.at(-1), { type: 'deleted', runId: run.id }, 'a deleted run ends its subscriptions');
});

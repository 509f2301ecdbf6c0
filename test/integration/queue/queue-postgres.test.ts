// The run queue's contract on PostgreSQL, and what can only be shown there.
import pg from 'pg';
import t from 'tap';
import { until } from '../../helpers/poll.js';
import { bench, gate, queueContract } from './contract.js';
import { postgresStore } from './stores.js';

await t.test('the run queue on PostgreSQL', (t) => queueContract(t, postgresStore));

await t.test('a job that comes back while its handler still runs joins that handler', async (t) => {
  const { store, queue, consume } = await bench(t, postgresStore);
  const held = gate();
  const lockDurationMs = 300;
  await queue.enqueue({ runId: 'stubborn', attempt: 1 });
  consume({ concurrency: 2, lockDurationMs, handler: held.handler });
  await until(() => held.entered.length === 1, { what: 'the job to be taken' });
  const client = new pg.Client(store.connection.url);
  await client.connect();
  await client.query(`UPDATE bullmq.job SET lock_token = 'stolen', locked_until_ms = 0`);
  await until(async () => {
    const { rows } = await client.query(`SELECT 1 FROM bullmq.job WHERE stalled_count > 0 AND state = 'active'`);
    return rows.length === 1;
  }, { what: 'the stalled job to be taken again' });
  await client.end();
  t.same(held.entered, ['stubborn'], 'the handler was not called a second time');
  held.open();
  await until(async () => (await queue.counts()).active === 0, { what: 'the job to end' });
});

await t.test('a consumer that gets nothing but errors does not spin', async (t) => {
  const { store, consume, errors } = await bench(t, postgresStore);
  await consume().ready();
  const client = new pg.Client(store.connection.url);
  await client.connect();
  // The consumer reads meanwhile, so the two may wait for each other; the server then refuses one of them.
  await until(() => client.query('DROP SCHEMA bullmq CASCADE'), { what: 'the tables to go' });
  await client.query(`NOTIFY bullmq_jobs, 'runs'`);
  await client.end();
  await until(() => errors.length > 0, { what: 'the first error' });
  const started = performance.now();
  const before = errors.length;
  await until(() => performance.now() - started > 1_500, { what: 'time to make more of them' });
  t.ok(errors.length - before < 10, `${errors.length - before} errors in 1.5 s`);
});

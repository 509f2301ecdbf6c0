// The repositories on PostgreSQL keep the contracts that the fakes keep, whatever the server's time zone; and
// what only SQL can see: rows written together or not at all, and rows that are gone.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import t, { type Test } from 'tap';
import { createArtifactRepository } from '../../../src/artifacts/artifact-repository.js';
import { connectDatabase, type Database } from '../../../src/db/client.js';
import { createDatabaseClock } from '../../../src/db/clock.js';
import { createWorkerRepository } from '../../../src/devices/worker-repository.js';
import { createEventLog } from '../../../src/live/event-log.js';
import { createLedgerRepository } from '../../../src/ledger/repository.js';
import { createRetentionRepository } from '../../../src/retention/repository.js';
import { CHUNK_POINTS } from '../../../src/metrics/buckets.js';
import { createMetricRepository } from '../../../src/metrics/repository.js';
import { createRunRepository } from '../../../src/runs/run-repository.js';
import { createUsageRepository } from '../../../src/usage/repository.js';
import { CONTRACTS } from '../../contracts/all.js';
import { block, line, newRun, runIn, type Subject } from '../../contracts/subject.js';
import { rowOf, use } from '../../fixtures/device-uses.js';
import { testDatabase } from '../../helpers/postgres.js';

interface PostgresSubject extends Subject {
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

/** @param own what the clock of this machine shows */
const onPostgres = (timeZone: string, own: () => number = Date.now) => async (t: Test): Promise<PostgresSubject> => {
  const { url } = await testDatabase(t);
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  t.teardown(() => admin.end());
  await admin.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET TimeZone TO '${timeZone}'`);
  const database = connectDatabase({ url, maxConnections: 8 });
  t.teardown(() => database.$disconnect());
  const clock = createDatabaseClock(database, own);
  await clock.look();
  return {
    runs: createRunRepository(database, clock),
    events: createEventLog(database, clock),
    metrics: createMetricRepository(database),
    artifacts: createArtifactRepository(database),
    retention: createRetentionRepository(database),
    usage: createUsageRepository(database),
    // So few at once that a handful takes several turns.
    ledger: createLedgerRepository(database, { runsAtOnce: 3 }),
    addUse: async (use) => void (await database.deviceUse.create({ data: rowOf(use) })),
    workers: createWorkerRepository(database, clock),
    newTeam: async () => (await database.team.create({ data: { name: randomUUID() } })).id,
    ageIdempotencyKeys: async (ms) => void (await admin.query(`UPDATE idempotency_keys SET created_at = created_at - $1 * interval '1 ms'`, [ms])),
    sql: async (text, values) => (await admin.query(text, values)).rows,
  };
};

for (const [name, contract] of Object.entries(CONTRACTS)) void t.test(name, (t) => contract(t, onPostgres('UTC')));

void t.test('on a server in another time zone', async (t) => {
  for (const name of ['event log', 'workers', 'ledger'] as const) await t.test(name, (t) => CONTRACTS[name](t, onPostgres('Asia/Kolkata')));
});

void t.test('on a machine whose clock is wrong', async (t) => {
  const behindMs = 600_000;
  const subject = await onPostgres('UTC', () => Date.now() - behindMs)(t);
  const { id } = await runIn(subject, 'running', newRun(await subject.newTeam()));
  const said = { ...block([1], { loss: [1] }), at: new Date(Date.now() - behindMs).toISOString() };
  const [told] = await subject.events.append({ runId: id, attempt: 1 }, [said]);
  await subject.runs.change(id, { to: 'failed' });
  const [row] = await subject.sql<Record<string, Date>>('SELECT created_at, queued_at, started_at, progressed_at, ended_at, (SELECT min(at) FROM run_transitions) AS entered, (SELECT min(at) FROM run_events) AS told FROM runs');
  for (const [what, at] of Object.entries({ ...row, answered: new Date(told!.at) })) t.ok(Math.abs(at.getTime() - Date.now()) < behindMs / 2, `${what} is by the database's clock`);
});

/** Rows of each table, by its name. */
async function rowCounts({ sql }: PostgresSubject): Promise<Record<string, number>> {
  const tables = await sql<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_prisma%' ORDER BY 1`);
  const counts = [];
  for (const { name } of tables) {
    const [row] = await sql<{ count: number }>(`SELECT count(*)::int AS count FROM "${name}"`);
    if (row !== undefined && row.count > 0) counts.push([name, row.count] as const);
  }
  return Object.fromEntries(counts);
}

void t.test('what lasts is held until its lease ends, as the box may be off', async (t) => {
  t.plan(1);
  const subject = await onPostgres('UTC')(t);
  const { id } = await runIn(subject, 'running', newRun(await subject.newTeam()));
  await subject.addUse(use({ runId: id, start: 0 }));
  await subject.sql(`UPDATE runs SET lease_expires_at = '2026-11-02T08:00:00Z'`);
  for await (const [one] of subject.ledger.listUses({ from: 0, to: Date.now() })) t.match(one, { endedAt: null, heldUntil: new Date('2026-11-02T08:00:00Z') });
});

void t.test('a run is written whole or not at all', async (t) => {
  const subject = await onPostgres('UTC')(t);
  const team = await subject.newTeam();
  const idempotency = { key: 'k', fingerprint: 'a'.repeat(64) };
  const run = newRun(team, { idempotency });
  const { id } = (await subject.runs.create(run)).run;
  const whole = { teams: 1, runs: 1, run_transitions: 1, run_events: 1, idempotency_keys: 1, hyperparameters: run.hyperparameters.length };
  t.strictSame(await rowCounts(subject), whole, 'a row in each table, and one for each hyperparameter');
  t.strictSame(
    await subject.sql('SELECT key, value FROM hyperparameters WHERE run_id = $1 ORDER BY key COLLATE "C"', [id]),
    [...run.hyperparameters].sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ key, value }) => ({ key, value })),
  );
  await t.rejects(subject.runs.create(run), 'its key is taken');
  await t.rejects(subject.runs.create(newRun(team, { hyperparameters: [{ key: 'twice', value: 1 }, { key: 'twice', value: 2 }] })), 'its hyperparameters clash');
  await t.rejects(subject.runs.create(newRun('01890000-0000-7000-8000-ffffffffffff')), 'its team is not there');
  t.strictSame(await rowCounts(subject), whole, 'what failed left no row');
});

void t.test('a deleted run leaves no row in any table', async (t) => {
  const subject = await onPostgres('UTC')(t);
  const team = await subject.newTeam();
  async function fullRun(key: string): Promise<string> {
    const { id } = await runIn(subject, 'finalizing', newRun(team, { idempotency: { key, fingerprint: 'a'.repeat(64) } }));
    const fence = { runId: id, attempt: 1 };
    await subject.events.append(fence, [block(Array.from({ length: 1500 }, (_, index) => index + 1), { loss: Array.from({ length: 1500 }, () => 1) }), line('x')]);
    await subject.artifacts.addCheckpoint(fence, { kind: 'final', epoch: 1, step: 1, metrics: {}, path: 'model', files: [{ path: 'model/x', sha256: 'b'.repeat(64), bytes: 1, contentType: 'x' }] });
    await subject.runs.change(id, { to: 'succeeded' });
    return id;
  }
  await fullRun('stays');
  const before = await rowCounts(subject);
  const id = await fullRun('goes');
  const both = await rowCounts(subject);
  for (const [table, count] of Object.entries(before)) if (table !== 'teams') t.equal(both[table], count * 2, `a run has rows in ${table}`);
  t.equal(await subject.runs.delete(team, id), true, 'it is deleted');
  t.strictSame(await rowCounts(subject), before, 'the other run keeps its rows, this one has none');
});

void t.test('chunks know their extremes and their sum, and leave NaN out', async (t) => {
  const subject = await onPostgres('UTC')(t);
  const { id } = await runIn(subject, 'running', newRun(await subject.newTeam()));
  const steps = Array.from({ length: CHUNK_POINTS + 1 }, (_, index) => index + 1);
  const nan = steps.map(() => 'NaN' as const);
  await subject.events.append({ runId: id, attempt: 1 }, [block(steps, { mixed: steps.map((step) => (step % 2 === 0 ? 'NaN' : step)), nan, wide: steps.map((step) => (step === 5 ? '-Infinity' : step === 6 ? 'Infinity' : 0)) })]);
  await subject.events.append({ runId: id, attempt: 1 }, [block([CHUNK_POINTS + 2, CHUNK_POINTS + 3], { mixed: [-7, 'NaN'], nan: ['NaN', 'NaN'], wide: [1e308, -1e308] })]);
  const rows = await subject.sql(
    `SELECT s.key, c.index, c.count, c.min, c.max, c.sum, c.nan, cardinality(c.steps) AS steps, cardinality(c.values) AS values
     FROM metric_chunks c JOIN metric_series s ON s.id = c.series_id ORDER BY s.key, c.index`,
  );
  const sizes = [{ index: 0, count: CHUNK_POINTS, steps: CHUNK_POINTS, values: CHUNK_POINTS }, { index: 1, count: 3, steps: 3, values: 3 }] as const;
  t.strictSame(rows, [
    { key: 'batch/mixed', min: 1, max: CHUNK_POINTS - 1, sum: (CHUNK_POINTS / 2) ** 2, nan: CHUNK_POINTS / 2, ...sizes[0] }, { key: 'batch/mixed', min: -7, max: CHUNK_POINTS + 1, sum: CHUNK_POINTS - 6, nan: 1, ...sizes[1] },
    { key: 'batch/nan', min: null, max: null, sum: 0, nan: CHUNK_POINTS, ...sizes[0] }, { key: 'batch/nan', min: null, max: null, sum: 0, nan: 3, ...sizes[1] },
    { key: 'batch/wide', min: -Infinity, max: Infinity, sum: null, nan: 0, ...sizes[0] }, { key: 'batch/wide', min: -1e308, max: 1e308, sum: null, nan: 0, ...sizes[1] },
  ].map(({ key, min, max, sum, nan, ...size }) => ({ key, index: size.index, count: size.count, min, max, sum, nan, steps: size.steps, values: size.values })));
});

void t.test('which evaluations a run has is known without reading them', async (t) => {
  const subject = await onPostgres('UTC')(t);
  const { id } = await runIn(subject, 'running', newRun(await subject.newTeam()));
  const classes = Array.from({ length: 60 }, (_, index) => index);
  const COUNT = 100;
  for (let epoch = 1; epoch <= COUNT; epoch++) {
    const confusionMatrix = classes.map((row) => classes.map((column) => (row * 7919 + column * 104_729 * epoch) % 1_000_003));
    await subject.events.append({ runId: id, attempt: 1 }, [{ kind: 'evaluation', at: new Date().toISOString(), data: { attempt: 1, epoch, step: epoch, split: 'test', labels: classes.map(String), confusionMatrix, unpredictedCounts: classes.map(() => 0), samples: [] } }]);
  }
  t.equal((await subject.events.evaluations(id)).length, COUNT);
  let blocks = Infinity;
  const $queryRaw = async (parts: readonly string[], ...values: unknown[]) => {
    const text = parts.reduce((before, part, index) => `${before}$${index}${part}`);
    const [row] = await subject.sql<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values);
    const { 'Shared Hit Blocks': hit = NaN, 'Shared Read Blocks': read = NaN } = row?.['QUERY PLAN'][0]?.Plan ?? {};
    blocks = hit + read;
    return [];
  };
  await createEventLog({ $queryRaw } as unknown as Database, { at: (time) => time }).evaluations(id);
  t.ok(blocks < COUNT, `it looks at ${blocks} blocks for ${COUNT} evaluations`);
});

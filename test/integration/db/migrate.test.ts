// The migration runner on a real server, with migrations of its own.
import { createHash, randomUUID } from 'node:crypto';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { migrate, MigrationError } from '../../../src/db/migrate.js';
import { migrationsDir } from '../../../src/paths.js';
import { until } from '../../helpers/poll.js';
import { emptyDatabase, testDatabase } from '../../helpers/postgres.js';

const log = pino({ level: 'silent' });

const FIRST = 'create table herd (id int primary key);\ninsert into herd values (1);\n';
const SECOND = 'alter table herd add column name text;\n';

/** An empty database with a pool, and a directory to which migrations are written by name. */
async function scene(t: Test, files: Record<string, string>) {
  const { url } = await emptyDatabase(t);
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  t.teardown(() => pool.end());
  const dir = t.testdir({});
  const write = async (name: string, sql: string): Promise<void> => {
    await mkdir(join(dir, name), { recursive: true });
    await writeFile(join(dir, name, 'migration.sql'), sql);
  };
  for (const [name, sql] of Object.entries(files)) await write(name, sql);
  await writeFile(join(dir, 'migration_lock.toml'), 'provider = "postgresql"\n');
  return { url, pool, dir, write, run: () => migrate({ url, dir, log }) };
}

t.test('new migrations are applied in the order of their names', async (t) => {
  const { pool, run, write } = await scene(t, { '20260102_second': SECOND, '20260101_first': FIRST });
  t.same(await run(), { applied: ['20260101_first', '20260102_second'] }, 'both, the older first');
  t.same((await pool.query('select * from herd')).rows, [{ id: 1, name: null }], 'their work is there');
  t.same(await run(), { applied: [] }, 'a second start finds nothing to do');
  await write('20260103_third', 'drop table herd');
  t.same(await run(), { applied: ['20260103_third'] }, 'a later release applies what is new');
});

t.test("the history is kept as Prisma's own tool keeps it", async (t) => {
  const { pool, dir } = await scene(t, { '20260101_first': FIRST });
  const before = new Date();
  await migrate({ pool, dir, log });
  const { rows } = await pool.query('select * from _prisma_migrations');
  t.equal(rows.length, 1, 'one entry');
  const [row] = rows;
  t.match(row.id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'with a UUID');
  t.equal(row.checksum, createHash('sha256').update(FIRST).digest('hex'), "with the file's checksum");
  t.equal(row.migration_name, '20260101_first');
  t.equal(row.logs, null, 'without logs');
  t.equal(row.rolled_back_at, null, 'not rolled back');
  t.equal(row.applied_steps_count, 1, 'with one step');
  t.ok(row.started_at >= before && row.finished_at >= row.started_at, 'with its times in order');

  const { rows: columns } = await pool.query(
    `select column_name || ' ' || data_type || coalesce('(' || character_maximum_length || ')', '') || case is_nullable when 'NO' then ' not null' else '' end as "column"
       from information_schema.columns where table_name = '_prisma_migrations' order by ordinal_position`,
  );
  t.same(
    columns.map(({ column }) => column),
    [
      'id character varying(36) not null',
      'checksum character varying(64) not null',
      'finished_at timestamp with time zone',
      'migration_name character varying(255) not null',
      'logs text',
      'rolled_back_at timestamp with time zone',
      'started_at timestamp with time zone not null',
      'applied_steps_count integer not null',
    ],
    'in a table of the same columns',
  );
  t.equal(pool.totalCount - pool.idleCount, 0, 'and the borrowed client is back in the pool');
});

t.test('starters that come together wait for each other', async (t) => {
  const { run, pool } = await scene(t, { '20260101_first': `select pg_sleep(0.1);\n${FIRST}`, '20260102_second': SECOND });
  const results = await Promise.all([run(), run(), run(), run()]);
  t.same(
    results.map(({ applied }) => applied.length).sort(),
    [0, 0, 0, 2],
    'one applies both, the others find nothing to do',
  );
  t.equal((await pool.query('select * from _prisma_migrations')).rowCount, 2, 'and each has one entry');
});

t.test('the wait for the lock has an end', async (t) => {
  const { url, dir, pool } = await scene(t, { '20260101_first': FIRST });
  const holder = await pool.connect();
  await holder.query('select pg_advisory_lock(72707369)');
  await t.rejects(migrate({ url, dir, log, lockTimeoutMs: 50 }), { name: 'MigrationError', message: /has held the migration lock for 50 ms/ });
  const waiting = migrate({ url, dir, log });
  await until(async () => (await pool.query("select 1 from pg_locks where locktype = 'advisory' and not granted")).rowCount === 1, {
    what: 'the starter to wait for the lock',
  });
  holder.release(true);
  t.same((await waiting).applied, ['20260101_first'], 'a starter that waits goes on when the holder has gone');
});

t.test('a migration that fails leaves nothing of itself', async (t) => {
  const { run, pool, write } = await scene(t, { '20260101_first': FIRST, '20260102_broken': 'create table half (id int);\n\ninsert into nowhere values (1);\n' });
  await t.rejects(run(), { name: 'MigrationError', message: /20260102_broken failed.*relation "nowhere" does not exist \(line 3\)/ }, 'the message has its name and line');
  t.equal((await pool.query("select to_regclass('half') as half")).rows[0].half, null, 'its first statement is undone');
  t.equal((await pool.query('select * from _prisma_migrations')).rowCount, 1, 'the migration before it stays');
  await write('20260102_broken', 'create table half (id int)');
  t.same((await run()).applied, ['20260102_broken'], 'once repaired, it is applied');
});

t.test('what contradicts the history is refused', async (t) => {
  t.test('an edited migration', async (t) => {
    const { run, write } = await scene(t, { '20260101_first': FIRST });
    await run();
    await write('20260101_first', `${FIRST}-- an afterthought\n`);
    await t.rejects(run(), { name: 'MigrationError', message: /20260101_first: edited after it was applied/ });
    await write('20260101_first', FIRST.replaceAll('\n', '\r\n'));
    await t.resolves(run(), 'other line endings are no edit');
  });

  t.test('a database ahead of the code', async (t) => {
    const { run, dir } = await scene(t, { '20260101_first': FIRST, '20260102_second': SECOND });
    await run();
    await rm(join(dir, '20260102_second'), { recursive: true });
    await t.rejects(run(), { name: 'MigrationError', message: /ahead of the code: it has 20260102_second/ });
  });

  t.test('a failed entry, until it is marked as rolled back', async (t) => {
    const { run, pool, write } = await scene(t, { '20260101_first': FIRST });
    await run();
    await write('20260102_second', SECOND);
    await pool.query("insert into _prisma_migrations (id, checksum, migration_name, logs) values ('x', 'y', '20260102_second', 'out of paper')");
    await t.rejects(run(), { name: 'MigrationError', message: /20260102_second was begun and has failed.*out of paper/ });
    await pool.query("update _prisma_migrations set rolled_back_at = now() where id = 'x'");
    t.same((await run()).applied, ['20260102_second'], 'then it is applied');
  });
});

t.test('a directory without its script is an error', async (t) => {
  const { run, dir } = await scene(t, {});
  await mkdir(join(dir, '20260101_hollow'));
  await t.rejects(run(), { code: 'ENOENT' });
});

t.test('a server that is away is its own error, not one of migrations', async (t) => {
  const error = await migrate({ url: 'postgresql://nobody@127.0.0.1:1/x', dir: t.testdir({}), log }).catch((error: unknown) => error);
  t.ok(error instanceof Error && !(error instanceof MigrationError));
});

t.test('every test database comes with our own migrations applied', async (t) => {
  const { url } = await testDatabase(t);
  t.same(await migrate({ url, log }), { applied: [] }, 'nothing is left to do');
});

t.test('evaluations of an earlier version are those of this one', async (t) => {
  const { pool, dir, run } = await scene(t, {});
  const ours = (await readdir(migrationsDir)).sort();
  const take = (names: readonly string[]) => Promise.all(names.map((name) => cp(join(migrationsDir, name), join(dir, name), { recursive: true })));
  const at = ours.indexOf('20261124000000_unpredicted_counts');
  await take(ours.slice(0, at));
  await run();
  const id = randomUUID();
  const told = (confusionMatrix: number[][], unpredictedCount: number) => ({ epoch: 1, labels: ['a', 'b'], confusionMatrix, unpredictedCount, samples: [] });
  const client = await pool.connect();
  await client.query('set session_replication_role = replica');
  const insert = (runId: string, seq: number, kind: string, data: object) => client.query('insert into run_events (run_id, seq, kind, at, data) values ($1, $2, $3, now(), $4)', [runId, seq, kind, data]);
  await insert(id, 1, 'log', { level: 'info', message: 'hello' });
  await insert(id, 2, 'evaluation', told([[2, 1], [0, 4]], 0));
  await insert(id, 3, 'evaluation', told([[1, 0], [0, 3]], 3));
  await insert(randomUUID(), 1, 'evaluation', told([[9, 9], [9, 9]], 0));
  client.release();
  await take(ours.slice(at));
  await run();
  const { rows } = await pool.query<{ data: object }>('select data from run_events where run_id = $1 order by seq', [id]);
  const { unpredictedCount: _, ...rest } = told([[1, 0], [0, 3]], 3);
  t.match(rows.map(({ data }) => data), [{ message: 'hello' }, { unpredictedCounts: [0, 0] }, { ...rest, unpredictedCounts: [2, 1] }]);
  t.notOk('unpredictedCount' in rows[1]!.data);
});

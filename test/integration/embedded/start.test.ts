// The embedded database from its first start to its stop, and the clients that must get on with it.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import t from 'tap';
import { startEmbeddedPostgres } from '../../../src/embedded/postgres.js';
import { createRunQueue } from '../../../src/queue/bullmq-queue.js';
import { clusterOf, dataDirectory, log, query, runningServer, usedDataDirectory } from './scene.js';

// Servers start and stop here by the dozen, beside other tests.
t.setTimeout(120_000);

t.test('the first start makes a cluster, and a later one finds its data', async (t) => {
  const dataDir = await dataDirectory(t);
  const first = await startEmbeddedPostgres({ dataDir, log });
  t.notOk(first.isAdopted);
  t.same(await query(first.url, 'select current_user as who, current_database() as db'), [{ who: 'trainyard', db: 'trainyard' }]);
  await query(first.url, "create table herd (name text); insert into herd values ('Ada')");
  await Promise.all([first.stop(), first.stop()]);
  t.equal(runningServer(dataDir), null, 'after the stop no server is left');
  t.throws(() => process.kill(first.pid, 0), { code: 'ESRCH' }, 'nor its process');

  const second = await startEmbeddedPostgres({ dataDir, log });
  t.same(await query(second.url, 'select * from herd'), [{ name: 'Ada' }], 'the rows are there');
  await second.stop();
});

t.test('the server is private, small and durable', async (t) => {
  const dataDir = await dataDirectory(t);
  const server = await startEmbeddedPostgres({ dataDir, log, settings: { work_mem: '5MB' } });
  t.teardown(() => server.stop());
  const settings = await query(
    server.url,
    `select json_object_agg(name, current_setting(name)) as s from pg_settings where name in
       ('listen_addresses', 'unix_socket_directories', 'fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'jit',
        'shared_buffers', 'work_mem', 'server_encoding', 'TimeZone')`,
  );
  t.same(settings[0]?.s, {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    data_checksums: 'on',
    jit: 'off',
    shared_buffers: '32MB',
    work_mem: '5MB',
    server_encoding: 'UTF8',
    TimeZone: 'UTC',
  });
  t.same(await query(server.url, "select 'Z' < 'a' as codepoints, lower('ÄÖ') as lowered"), [{ codepoints: true, lowered: 'äö' }], 'strings sort by code point');

  const cluster = clusterOf(dataDir);
  t.equal(lstatSync(cluster).mode & 0o777, 0o700, 'the cluster is closed to others');
  const passwordFile = join(cluster, 'trainyard.password');
  t.equal(lstatSync(passwordFile).mode & 0o777, 0o600, 'so is the password');
  const password = readFileSync(passwordFile, 'utf8').trim();
  t.equal(new URL(server.url).password, password);
  t.ok(password.length >= 32, 'which is long');
  t.notMatch(readFileSync(`/proc/${server.pid}/cmdline`, 'utf8'), password, 'and not in the list of processes');
  await t.rejects(query(server.url.replace(password, 'guess'), 'select 1'), { code: '28P01' }, 'a wrong password is refused');
  t.same(readdirSync(join(dataDir, 'postgres')).filter((name) => name.startsWith('.init')), [], 'nothing of the making is left');
});

t.test("Prisma's adapter and BullMQ's backend work with the URL", async (t) => {
  const server = await startEmbeddedPostgres({ dataDir: await usedDataDirectory(t), log });
  t.teardown(() => server.stop());

  const prisma = await new PrismaPg({ connectionString: server.url }).connect();
  const answer = await prisma.queryRaw({ sql: 'select 6 * 7 as answer', args: [], argTypes: [] });
  t.same(answer.rows, [[42]], 'Prisma reads');
  await prisma.dispose();

  const queue = createRunQueue({ kind: 'postgres', url: server.url });
  await queue.enqueue({ runId: 'r1', attempt: 1 });
  t.same(await queue.counts(), { waiting: 1, active: 0 }, 'BullMQ keeps a job');
  await queue.close();
});

// One service per data directory, whatever happened to the one before.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startEmbeddedPostgres } from '../../../src/embedded/postgres.js';
import { until } from '../../helpers/poll.js';
import { clusterOf, dataDirectory, log, query, runningServer, startService, usedDataDirectory } from './scene.js';

/** The watchdog of a server, found by its name and last argument. */
function watchdogOf(serverPid: number): number | null {
  const lines = execFileSync('ps', ['-e', '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  const line = lines.find((text) => text.includes('trainyard-postgres-watchdog') && text.endsWith(` ${serverPid}`));
  return line === undefined ? null : Number.parseInt(line, 10);
}

// Servers start and stop here by the dozen, beside other tests.
t.setTimeout(120_000);

t.test('a second service is told who has the data directory', async (t) => {
  const dataDir = await usedDataDirectory(t);
  const first = await startService(t, dataDir, 'stay');
  const fault = {
    name: 'EmbeddedPostgresError',
    fault: 'in_use',
    message: new RegExp(`another service \\(pid ${first.child.pid}\\).*PostgreSQL pid ${first.said.pid} on 127\\.0\\.0\\.1:${first.said.port}`),
  };
  await t.rejects(startEmbeddedPostgres({ dataDir, log }), fault);
  await t.rejects(startEmbeddedPostgres({ dataDir, log }), fault, 'however often it tries');
  t.same(await query(first.said.url, 'select 1 as one'), [{ one: 1 }], 'and the first goes on');
  t.ok(watchdogOf(first.said.pid), 'with its watchdog');

  first.child.kill('SIGTERM');
  t.equal(await first.ended, 0);
  const second = await startEmbeddedPostgres({ dataDir, log });
  await second.stop();
  t.pass('when the first has gone, the directory is free');
});

t.test('a process cannot start its own server twice', async (t) => {
  const dataDir = await usedDataDirectory(t);
  const server = await startEmbeddedPostgres({ dataDir, log });
  await t.rejects(startEmbeddedPostgres({ dataDir, log }), { fault: 'in_use', message: /this very process/ });
  await server.stop();
});

t.test('of services that start together on a new directory, one gets it', async (t) => {
  const dataDir = await dataDirectory(t);
  const services = await Promise.all([1, 2, 3].map(() => startService(t, dataDir, 'stay')));
  const faults = services.map(({ said }) => said.fault ?? 'none').sort();
  t.same(faults, ['in_use', 'in_use', 'none'], 'the others hear why not');
  const winner = services.find(({ said }) => said.fault === undefined);
  t.same(await query(winner?.said.url ?? '', 'select 1 as one'), [{ one: 1 }], 'and its server works');
  winner?.child.kill('SIGTERM');
  await winner?.ended;
  t.equal(runningServer(dataDir), null, 'and ends with it');
});

t.test('a server that outlived its service and the watchdog is adopted', async (t) => {
  const dataDir = await usedDataDirectory(t);
  const first = await startService(t, dataDir, 'stay');
  await query(first.said.url, 'create table herd (name text)');
  await query(first.said.url, "insert into herd values ('Ada')");
  const watchdog = watchdogOf(first.said.pid);
  t.ok(watchdog);
  process.kill(watchdog ?? 0, 'SIGKILL');
  first.child.kill('SIGKILL');
  await first.ended;
  t.equal(runningServer(dataDir), first.said.pid, 'the server is left alone');

  const second = await startEmbeddedPostgres({ dataDir, log });
  t.ok(second.isAdopted, 'the next service takes it over');
  t.equal(second.pid, first.said.pid, 'the same process');
  t.same(await query(second.url, 'select * from herd'), [{ name: 'Ada' }], 'with its data');
  t.ok(watchdogOf(second.pid), 'and gives it a new watchdog');
  await second.stop();
  t.equal(runningServer(dataDir), null, 'and stops it in the end');
  await until(() => watchdogOf(first.said.pid) === null, { what: 'the watchdog to leave' });
});

t.test('a lock file with the number of a living stranger is no obstacle', async (t) => {
  const dataDir = await usedDataDirectory(t);
  const first = await startEmbeddedPostgres({ dataDir, log });
  await first.stop();
  // As after a power cut in a container, where the number soon belongs to another program.
  const stale = [process.pid, '/somewhere', 1700000000, 1, '', '127.0.0.1', '', 'ready'].join('\n');
  writeFileSync(join(clusterOf(dataDir), 'postmaster.pid'), `${stale}\n`, { mode: 0o600 });
  const second = await startEmbeddedPostgres({ dataDir, log });
  t.notOk(second.isAdopted);
  await second.stop();
});

t.test('what a killed first start left is removed', async (t) => {
  const dataDir = await dataDirectory(t);
  const half = join(dataDir, 'postgres', '.init-4194305-0badcafe');
  mkdirSync(half, { recursive: true });
  const server = await startEmbeddedPostgres({ dataDir, log });
  await server.stop();
  t.throws(() => execFileSync('ls', [half], { stdio: 'ignore' }), 'the half cluster is gone');
});

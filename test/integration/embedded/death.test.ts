// Every way in which the service or its database can die, and what is left afterwards.
import { renameSync } from 'node:fs';
import t from 'tap';
import { startEmbeddedPostgres } from '../../../src/embedded/postgres.js';
import { until } from '../../helpers/poll.js';
import { clusterOf, log, query, runningServer, startService, usedDataDirectory } from './scene.js';

// Servers start and stop here by the dozen, beside other tests.
t.setTimeout(120_000);

for (const [then, what] of [
  ['exit', 'a service that calls process.exit'],
  ['throw', 'a service that nobody caught'],
  ['end', 'a service that runs out of work'],
] as const) {
  t.test(`${what} does not leave its server behind`, async (t) => {
    const dataDir = await usedDataDirectory(t);
    const service = await startService(t, dataDir, then);
    t.type(service.said.pid, 'number', 'the server was there');
    await service.ended;
    await until(() => runningServer(dataDir) === null, { what: 'the server to end' });
  });
}

t.test('kill -9 of the service ends its server in order', async (t) => {
  const dataDir = await usedDataDirectory(t);
  const service = await startService(t, dataDir, 'stay');
  await query(service.said.url, 'create table herd (name text)');
  await query(service.said.url, "insert into herd values ('Ada')");
  service.child.kill('SIGKILL');
  await until(() => runningServer(dataDir) === null, { what: 'the watchdog to end the server' });
  const next = await startEmbeddedPostgres({ dataDir, log });
  t.teardown(() => next.stop());
  t.same(await query(next.url, 'select * from herd'), [{ name: 'Ada' }], 'what was acknowledged is there');
});

t.test('a service that comes back at once waits until the old server has left', async (t) => {
  const dataDir = await usedDataDirectory(t);
  const service = await startService(t, dataDir, 'stay');
  service.child.kill('SIGKILL');
  await service.ended;
  const next = await startEmbeddedPostgres({ dataDir, log });
  t.same(await query(next.url, 'select 1 as one'), [{ one: 1 }]);
  await next.stop();
});

t.test('Ctrl-C in the terminal reaches the service, not its server', async (t) => {
  const dataDir = await usedDataDirectory(t);
  const service = await startService(t, dataDir, 'stay');
  // A terminal signals the whole foreground process group; the service leads one of its own here.
  process.kill(-(service.child.pid ?? 0), 'SIGINT');
  process.kill(-(service.child.pid ?? 0), 'SIGINT');
  t.same(await query(service.said.url, 'select 1 as one'), [{ one: 1 }], 'the server takes new sessions');
  t.equal(runningServer(dataDir), service.said.pid);
  service.child.kill('SIGTERM');
  t.equal(await service.ended, 0, 'and the service stops in order');
  t.equal(runningServer(dataDir), null);
});

t.test('a server that dies is restarted at the same address', async (t) => {
  const dataDir = await usedDataDirectory(t);
  const server = await startEmbeddedPostgres({ dataDir, log, onExit: (error) => t.fail('given up', { error }) });
  await query(server.url, 'create table herd (name text)');
  for (const name of ['Ada', 'Bea']) {
    await query(server.url, `insert into herd values ('${name}')`);
    const before = server.pid;
    process.kill(before, 'SIGKILL');
    await until(() => server.pid !== before, { what: 'the restart' });
    t.equal(runningServer(dataDir), server.pid);
  }
  t.same(await query(server.url, 'select name from herd order by name'), [{ name: 'Ada' }, { name: 'Bea' }], 'no acknowledged row is lost');
  await t.rejects(startEmbeddedPostgres({ dataDir, log }), { fault: 'in_use', message: /this very process/ }, 'and the directory is still ours');
  await server.stop();
});

t.test('when one of its sessions crashes, the server drops all and goes on, and stays ours', async (t) => {
  const dataDir = await usedDataDirectory(t);
  const server = await startEmbeddedPostgres({ dataDir, log, onExit: (error) => t.fail('given up', { error }) });
  const before = server.pid;
  const [session] = await query(server.url, 'select pid from pg_stat_activity where application_name like \'trainyard owner%\'');
  process.kill(Number(session?.pid), 'SIGKILL');
  const regained = "select 1 as one from pg_stat_activity where application_name like 'trainyard owner%'";
  await until(async () => (await query(server.url, regained)).length === 1, { what: 'the owner to be back' });
  t.equal(server.pid, before, 'without a restart');
  await t.rejects(startEmbeddedPostgres({ dataDir, log }), { fault: 'in_use', message: /this very process/ });
  await server.stop();
  t.equal(runningServer(dataDir), null);
});

t.test('a server that cannot be restarted is reported once', async (t) => {
  const dataDir = await usedDataDirectory(t);
  const reports: Error[] = [];
  const server = await startEmbeddedPostgres({ dataDir, log, onExit: (error) => reports.push(error), startTimeoutMs: 500 });
  renameSync(clusterOf(dataDir), `${clusterOf(dataDir)}.lost`);
  process.kill(server.pid, 'SIGKILL');
  await until(() => reports.length > 0, { what: 'the supervisor to give up', deadlineMs: 30_000 });
  t.match(reports[0]?.message, /5 restarts have failed/);
  await server.stop();
  t.equal(reports.length, 1, 'and stopping what is not there is no error');
});

t.test('stop during a restart leaves nothing', async (t) => {
  const dataDir = await usedDataDirectory(t);
  const server = await startEmbeddedPostgres({ dataDir, log });
  const before = server.pid;
  process.kill(before, 'SIGKILL');
  await until(() => runningServer(dataDir) === null, { what: 'the death' });
  await server.stop();
  t.equal(runningServer(dataDir), null);
});

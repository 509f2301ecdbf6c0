// Places that make it hard: directories that the server's user cannot enter, missing links, full disks.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findBinaries, locatePackage, type BinaryPackage } from '../../../src/embedded/binaries.js';
import { startEmbeddedPostgres } from '../../../src/embedded/postgres.js';
import { clusterOf, dataDirectory, log, query, usedDataDirectory } from './scene.js';

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65534, gid: 65534 };

/** A directory with a mode, gone after the test. Not tap's: those lie in the checkout, which may itself be out of reach. */
function directory(t: Test, mode: number): string {
  const path = mkdtempSync(join(tmpdir(), 'embedded test '));
  chmodSync(path, mode);
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The package as npm leaves it with --ignore-scripts: without the links to its libraries. */
function packageWithoutLinks(t: Test, mode: number): BinaryPackage {
  const { native, version } = locatePackage();
  const copy = join(directory(t, mode), 'native');
  // Hard links where both lie on one file system: 60 MB less to copy.
  if (spawnSync('cp', ['-al', native, copy]).status !== 0) execFileSync('cp', ['-aT', native, copy]);
  for (const name of readdirSync(join(copy, 'lib'))) {
    if (lstatSync(join(copy, 'lib', name)).isSymbolicLink()) rmSync(join(copy, 'lib', name));
  }
  return { native: copy, version };
}

// Servers start and stop here by the dozen, beside other tests.
t.setTimeout(120_000);

t.test('missing links to libraries are made where the package lies', async (t) => {
  const source = packageWithoutLinks(t, 0o755);
  const links = (): number => readdirSync(join(source.native, 'lib')).filter((name) => lstatSync(join(source.native, 'lib', name)).isSymbolicLink()).length;
  t.equal(links(), 0);
  const binaries = await findBinaries({ account: undefined, copyParents: [], source });
  t.equal(binaries.postgres, join(source.native, 'bin', 'postgres'), 'used in place');
  t.ok(links() > 0, 'the links are there');
  t.match(execFileSync(binaries.initdb, ['--version'], { encoding: 'utf8' }), /^initdb \(PostgreSQL\) 18/, 'and the programs run');
  t.equal(binaries.majorVersion, '18');
});

t.test('programs that root cannot hand to the server are copied, once', { skip: !isRoot && 'needs root' }, async (t) => {
  const source = packageWithoutLinks(t, 0o700);
  const closed = directory(t, 0o700);
  const open = directory(t, 0o755);
  const find = () => findBinaries({ account: NOBODY, copyParents: [join(closed, 'inside'), join(open, 'made here')], source });
  const { postgres } = await find();
  t.ok(postgres.startsWith(join(open, 'made here', `postgres-${source.version}-`)), 'to the first place that the server can reach');
  t.match(execFileSync(postgres, ['--version'], { ...NOBODY, cwd: '/', encoding: 'utf8' }), /PostgreSQL/, 'where the server can start them');
  const copied = lstatSync(postgres);
  t.equal(copied.uid, 0, 'they belong to root');
  t.equal(copied.mode & 0o022, 0, 'and nobody else may change them');

  t.equal((await find()).postgres, postgres);
  t.equal(lstatSync(postgres).ino, copied.ino, 'a second start uses the same copy');
  truncateSync(postgres, 1000);
  await find();
  t.equal(lstatSync(postgres).size, copied.size, 'a copy that was cut short is made again');
  t.same(readdirSync(join(open, 'made here')).length, 1, 'and nothing else is left there');
});

t.test('programs are not copied to where others could exchange them', { skip: !isRoot && 'needs root' }, async (t) => {
  const source = packageWithoutLinks(t, 0o700);
  const anybodys = directory(t, 0o777);
  const theirs = directory(t, 0o755);
  chownSync(theirs, NOBODY.uid, NOBODY.gid);
  await t.rejects(findBinaries({ account: NOBODY, copyParents: [anybodys, theirs], source }), {
    fault: 'binaries_unusable',
    message: /others may write to it.*it belongs to uid 65534.*DATABASE_URL/,
  });
  t.same([anybodys, theirs].flatMap((dir) => readdirSync(dir)), [], 'both stay empty');
});

t.test('as root, the server keeps its data in a directory that only root can enter', { skip: !isRoot && 'needs root' }, async (t) => {
  const dataDir = await dataDirectory(t, directory(t, 0o700));
  for (const rows of [1, 2]) {
    const server = await startEmbeddedPostgres({ dataDir, log });
    await query(server.url, 'create table if not exists herd (n int); insert into herd values (1)');
    t.same(await query(server.url, 'select count(*)::int as n from herd'), [{ n: rows }], `start ${rows} works`);
    t.equal(lstatSync(`/proc/${server.pid}`).uid, NOBODY.uid, 'the server is not root');
    await server.stop();
  }
  t.equal(lstatSync(clusterOf(dataDir)).uid, NOBODY.uid);
});

t.test('as root, a cluster that came back from a backup as root is handed to the server', { skip: !isRoot && 'needs root' }, async (t) => {
  const dataDir = await usedDataDirectory(t);
  execFileSync('chown', ['-R', '0:0', dataDir]);
  const server = await startEmbeddedPostgres({ dataDir, log });
  t.same(await query(server.url, 'select 1 as one'), [{ one: 1 }]);
  await server.stop();
});

t.test('as root, the server runs as whoever owns the cluster', { skip: !isRoot && 'needs root' }, async (t) => {
  const dataDir = await usedDataDirectory(t);
  execFileSync('chown', ['-R', '1234:1234', clusterOf(dataDir)]);
  const server = await startEmbeddedPostgres({ dataDir, log });
  t.equal(lstatSync(`/proc/${server.pid}`).uid, 1234);
  await server.stop();
  t.equal(lstatSync(join(clusterOf(dataDir), 'PG_VERSION')).uid, 1234, 'and the cluster stays theirs');
});

t.test('a cluster of another major version is refused', async (t) => {
  const dataDir = await usedDataDirectory(t);
  writeFileSync(join(clusterOf(dataDir), 'PG_VERSION'), '17\n');
  await t.rejects(startEmbeddedPostgres({ dataDir, log }), { fault: 'wrong_version', message: /made by PostgreSQL 17.*brings PostgreSQL 18/ });
});

t.test('a data directory that cannot be made is named', async (t) => {
  const parent = directory(t, 0o755);
  writeFileSync(join(parent, 'file'), '');
  await t.rejects(startEmbeddedPostgres({ dataDir: join(parent, 'file'), log }), {
    name: 'EmbeddedPostgresError',
    message: new RegExp(`${join(parent, 'file', 'postgres')}.*not a directory`),
  });
});

t.test('a server that refuses its settings says why', async (t) => {
  const dataDir = await usedDataDirectory(t);
  await t.rejects(startEmbeddedPostgres({ dataDir, log, settings: { shared_buffers: 'plenty' } }), {
    fault: 'start_failed',
    message: /exit code 1.*invalid value for parameter "shared_buffers": "plenty"/s,
  });
});

t.test('a full disk is called a full disk, and leaves no half cluster', async (t) => {
  const disk = directory(t, 0o755);
  const mount = isRoot ? spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=755', 'tmpfs', disk]).status : null;
  if (mount !== 0) return void t.pass('not tried: a small file system cannot be mounted here');
  t.teardown(() => void spawnSync('umount', ['-l', disk]));
  mkdirSync(join(disk, 'data'));
  await t.rejects(startEmbeddedPostgres({ dataDir: join(disk, 'data'), log }), { fault: 'disk_full', message: /no space is left on the disk/ });
  t.notOk(existsSync(clusterOf(join(disk, 'data'))));
  t.same(readdirSync(join(disk, 'data', 'postgres')), [], 'what was begun is removed');
});

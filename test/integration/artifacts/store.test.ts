// Artifact files on a real disk: named by their bytes, there as a whole or not at all.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { createDiskArtifactStore } from '../../../src/artifacts/store.js';
import { until } from '../../helpers/poll.js';

/** Keeps the files apart from what is put. */
function stage(t: Test) {
  const folder = t.testdir({ given: {}, stored: {} });
  const files = () => readdirSync(join(folder, 'stored'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => entry.name).sort();
  function given(name: string, content: Buffer | string): string {
    writeFileSync(join(folder, 'given', name), content);
    return join(folder, 'given', name);
  }
  return { store: createDiskArtifactStore(join(folder, 'stored')), folder, files, given };
}

const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');

t.test('a file is stored under the hash of its bytes', async (t) => {
  const { store, files, given } = stage(t);
  const content = randomBytes(300_000);
  const name = sha256(content);
  t.strictSame(await store.put(given('x.bin', content)), { sha256: name, bytes: 300_000 }, 'it answers hash and size');
  t.strictSame(files(), [name], 'and nothing else lies around');
  t.equal(store.path(name).endsWith(join(name.slice(0, 2), name)), true, 'below the first two letters of the hash');
  t.ok(readFileSync(store.path(name)).equals(content), 'byte for byte');
  t.ok((await buffer(store.read(name))).equals(content), 'and it reads the same');
  t.ok((await buffer(store.read(name, { start: 10, end: 19 }))).equals(content.subarray(10, 20)), 'also a part, both ends included');
  t.equal(await store.has(name), true, 'it is there');
  await store.remove(name);
  t.equal(await store.has(name), false, 'then it is not');
  await t.resolves(store.remove(name), 'removing it again is no fault');
});

t.test('equal bytes are stored once, an empty file is a file', async (t) => {
  const { store, files, given } = stage(t);
  await Promise.all(Array.from({ length: 8 }, (_, index) => store.put(given(`same-${index}`, 'same'))));
  t.strictSame(files(), [sha256('same')], 'eight at once leave one');
  t.strictSame(await store.put(given('empty', '')), { sha256: sha256(''), bytes: 0 }, 'no bytes have a hash, too');
  t.equal((await buffer(store.read(sha256('')))).length, 0, 'and can be read');
});

t.test('a file is taken in without being written again, and stays where it was', async (t) => {
  const { store, files, given } = stage(t);
  const file = given('weights', 'weights');
  const { sha256: name } = await store.put(file);
  t.equal(statSync(store.path(name)).ino, statSync(file).ino, 'both names are of one file');
  await store.put(file);
  t.strictSame(files(), [name], 'again does no harm, and nothing lies around');
  rmSync(file);
  t.equal(readFileSync(store.path(name), 'utf8'), 'weights', 'the stored name outlives the other');
  t.equal(statSync(store.path(name)).mode & 0o777, 0o640, 'and is nobody else\'s to read');
});

t.test('from another file system it is copied', { skip: existsSync('/dev/shm') ? false : 'there is no other file system' }, async (t) => {
  const { store, files } = stage(t);
  const elsewhere = mkdtempSync('/dev/shm/trainyard-test-');
  t.teardown(() => rmSync(elsewhere, { recursive: true }));
  const file = join(elsewhere, 'weights');
  writeFileSync(file, 'weights');
  t.strictSame(await store.put(file), { sha256: sha256('weights'), bytes: 7 });
  t.strictSame(files(), [sha256('weights')], 'nothing else lies around');
  t.equal(readFileSync(file, 'utf8'), 'weights', 'it stays where it was');
});

t.test('what fails leaves no file', async (t) => {
  const { store, folder, files } = stage(t);
  await t.rejects(store.put(join(folder, 'given', 'missing')), { code: 'ENOENT' }, 'a file that is not there');
  // A folder opens like a file, and fails at the first read.
  await t.rejects(store.put(join(folder, 'given')), { code: 'EISDIR' }, 'a file that cannot be read');
  t.strictSame(files(), [], 'no half a file is left, neither in its place nor beside it');
});

t.test('a place that is taken by something else is an error, and nothing stays', async (t) => {
  const { store, files, given } = stage(t);
  mkdirSync(join(store.path(sha256('x')), 'in the way'), { recursive: true });
  await t.rejects(store.put(given('x', 'x')), 'it cannot be moved to its place');
  t.strictSame(files(), [], 'and is not left beside it');
});

t.test('stored files are listed with their age, which a put renews; nothing else is', async (t) => {
  const { store, folder, given } = stage(t);
  const listed = async () => {
    const found = [];
    for await (const files of store.list()) found.push(...files);
    return found;
  };
  t.strictSame(await listed(), [], 'an empty store');
  const { sha256: name } = await store.put(given('x', 'x'));
  await store.put(given('y', 'y'));
  mkdirSync(join(folder, 'stored', 'zz', 'deep'), { recursive: true });
  for (const path of [`zz/${name}`, `zz/deep/${name}`, name, `${name.slice(0, 2)}/${name}.old`, `incoming/${name}`]) writeFileSync(join(folder, 'stored', path), 'not ours');
  const before = await listed();
  t.strictSame(before.map(({ sha256: one }) => one).sort(), [name, sha256('y')].sort());
  const ageOf = (files: typeof before) => files.find((file) => file.sha256 === name)?.changedAt ?? NaN;
  t.ok(Math.abs(ageOf(before) - Date.now()) < 60_000, 'in ms since 1970');
  await until(async () => {
    await store.put(join(folder, 'given', 'x'));
    return ageOf(await listed()) > ageOf(before);
  }, { what: 'the same bytes to be younger after they were put again' });
});

t.test('what was being put is removed when it is old', async (t) => {
  const { store, folder, files, given } = stage(t);
  t.equal(await store.removeIncoming(Infinity), 0, 'an empty store');
  await store.put(given('x', 'x'));
  writeFileSync(join(folder, 'stored', 'incoming', 'half'), 'hal');
  t.equal(await store.removeIncoming(Date.now() - 60_000), 0, 'it may still be');
  t.equal(await store.removeIncoming(Date.now() + 60_000), 1);
  t.strictSame(files(), [sha256('x')], 'the stored file stays');
});

t.test('a store has one owner', async (t) => {
  const { store, folder } = stage(t);
  t.equal(await store.claim('a'), true, 'the first');
  t.equal(await store.claim('a'), true, 'for ever');
  t.equal(await createDiskArtifactStore(join(folder, 'stored')).claim('b'), false, 'and no other');
});

t.test('only hashes name files', async (t) => {
  const { store } = stage(t);
  for (const name of ['', 'x', '../../etc/passwd', 'A'.repeat(64), 'a'.repeat(63), `${'a'.repeat(64)}/..`, `${'a'.repeat(64)}\n`]) {
    t.throws(() => store.path(name), { message: `not a SHA-256: ${name}` }, `${JSON.stringify(name)} has no path`);
    t.throws(() => store.read(name), { message: `not a SHA-256: ${name}` }, `${JSON.stringify(name)} cannot be read`);
  }
});

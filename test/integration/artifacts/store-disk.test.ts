// Artifact files on a real disk: named by their bytes, there as a whole or not at all.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { createDiskArtifactStore } from '../../../src/artifacts/store.js';
import { until } from '../../helpers/poll.js';
import { givenFiles, listed, sha256, storeContract, temporaryFolder } from './store-contract.js';

function stage(t: Test) {
  const folder = temporaryFolder(t);
  const files = () => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => entry.name).sort();
  const path = (name: string) => join(folder, name.slice(0, 2), name);
  return { store: createDiskArtifactStore(folder), folder, files, path };
}

storeContract('on disk', async (t) => {
  const { store, folder, files, path } = stage(t);
  const write = (file: string, content: string) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  return {
    store,
    another: () => createDiskArtifactStore(folder),
    stored: () => files().filter((name) => name !== 'owner'),
    litter: (name) => write(join(folder, name), 'not ours'),
    damage: (name) => writeFileSync(path(name), 'rust'),
    leaveHalf: async () => write(join(folder, 'incoming', 'half'), 'hal'),
  };
});

t.test('a file is taken in without being written again, and stays where it was', async (t) => {
  const { store, files, path } = stage(t);
  const given = givenFiles(t);
  const file = given('weights', 'weights');
  const { sha256: name } = await store.put(file);
  t.equal(statSync(path(name)).ino, statSync(file).ino, 'both names are of one file');
  await store.put(file);
  t.strictSame(files(), [name], 'again does no harm, and nothing lies around');
  rmSync(file);
  t.equal(readFileSync(path(name), 'utf8'), 'weights', 'the stored name outlives the other');
  t.equal(statSync(path(name)).mode & 0o777, 0o640, 'and is nobody else\'s to read');
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

t.test('a place that is taken by something else is an error, and nothing stays', async (t) => {
  const { store, files, path } = stage(t);
  const given = givenFiles(t);
  mkdirSync(join(path(sha256('x')), 'in the way'), { recursive: true });
  await t.rejects(store.put(given('x', 'x')), 'it cannot be moved to its place');
  t.strictSame(files(), [], 'and is not left beside it');
});

t.test('the local file is the stored one, below the first two letters of its hash', async (t) => {
  const { store, path } = stage(t);
  const { sha256: name } = await store.put(givenFiles(t)('x', 'x'));
  t.equal((await store.localFile(name)).path, path(name));
});

t.test('a put renews the age', async (t) => {
  const { store } = stage(t);
  const file = givenFiles(t)('x', 'x');
  await store.put(file);
  const [before] = await listed(store);
  await until(async () => {
    await store.put(file);
    return (await listed(store))[0]!.changedAt > before!.changedAt;
  }, { what: 'the same bytes to be younger after they were put again' });
});

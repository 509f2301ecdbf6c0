// What every artifact store does, wherever it keeps its bytes.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import type { AgedFile, ArtifactStore } from '../../../src/artifacts/store.js';

export const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');

export interface StoreSubject {
  store: ArtifactStore;
  /** Another process' view of the same store. */
  another(): ArtifactStore;
  /** All that is stored or half stored, by name. */
  stored(): string[];
  /** Puts a file that is not the store's where stored ones are; its path is like those of stored files. */
  litter(path: string): void;
  /** Replaces the bytes of a stored file. */
  damage(sha256: string): void;
  /** Leaves something as a process does that was killed while it put. */
  leaveHalf(): Promise<void>;
}

export const listed = async (store: ArtifactStore) => {
  const found: AgedFile[] = [];
  for await (const files of store.list()) found.push(...files);
  return found.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
};

export function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-store-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Files to put, apart from the store. */
export function givenFiles(t: Test) {
  const folder = temporaryFolder(t);
  return (name: string, content: Buffer | string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
}

const readLocal = async (store: ArtifactStore, name: string) => {
  const file = await store.localFile(name);
  try {
    return readFileSync(file.path);
  } finally {
    await file.release();
  }
};

export function storeContract(title: string, open: (t: Test) => Promise<StoreSubject>): void {
  const test = (name: string, check: (t: Test, subject: StoreSubject & { given: ReturnType<typeof givenFiles> }) => Promise<void>) =>
    t.test(`${title}: ${name}`, async (t) => check(t, { ...(await open(t)), given: givenFiles(t) }));

  test('a file is stored under the hash of its bytes', async (t, { store, stored, given }) => {
    const content = randomBytes(300_000);
    const name = sha256(content);
    const file = given('x.bin', content);
    t.strictSame(await store.put(file), { sha256: name, bytes: 300_000 }, 'it answers hash and size');
    t.strictSame(stored(), [name], 'and nothing else lies around');
    t.ok(readFileSync(file).equals(content), 'it stays where it was');
    rmSync(file);
    t.ok((await buffer(store.read(name))).equals(content), 'it reads the same, whatever becomes of the other');
    t.ok((await readLocal(store, name)).equals(content), 'byte for byte for other processes');
    for (const [start, end] of [[10, 19], [0, 0], [299_999, 299_999], [0, 299_999]] as const) {
      t.ok((await buffer(store.read(name, { start, end }))).equals(content.subarray(start, end + 1)), `bytes ${start} to ${end}, both included`);
    }
    t.equal(await store.has(name), true, 'it is there');
    await store.remove(name);
    t.equal(await store.has(name), false, 'then it is not');
    t.equal(await store.isSound(name), false, 'nor sound');
    await t.rejects(store.localFile(name).then(({ path }) => readFileSync(path)), 'nor to be had by others');
    await t.rejects(buffer(store.read(name)), 'and cannot be read');
    await t.resolves(store.remove(name), 'removing it again is no fault');
  });

  test('equal bytes are stored once, an empty file is a file', async (t, { store, stored, given }) => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => store.put(given(`same-${index}`, 'same'))));
    t.strictSame(stored(), [sha256('same')], 'eight at once leave one');
    t.strictSame(await store.put(given('empty', '')), { sha256: sha256(''), bytes: 0 }, 'no bytes have a hash, too');
    t.equal((await buffer(store.read(sha256('')))).length, 0, 'and can be read');
    t.equal((await readLocal(store, sha256(''))).length, 0, 'by others as well');
    t.equal(await store.isSound(sha256('')), true);
  });

  test('what fails leaves nothing', async (t, { store, stored, given }) => {
    const file = given('x', 'x');
    await t.rejects(store.put(`${file}-missing`), { code: 'ENOENT' }, 'a file that is not there');
    // A folder opens like a file, and fails at the first read.
    await t.rejects(store.put(join(file, '..')), { code: 'EISDIR' }, 'a file that cannot be read');
    t.strictSame(stored(), [], 'no half a file is left');
  });

  test('a damaged file is noticed', async (t, { store, damage, given }) => {
    const { sha256: name } = await store.put(given('x', 'a training state'));
    t.equal(await store.isSound(name), true, 'before');
    await store.remove(name);
    await store.put(given('x', 'a training state'));
    damage(name);
    t.equal(await store.isSound(name), false, 'after');
  });

  test('stored files are listed with size and age; nothing else is', async (t, { store, litter, given }) => {
    t.strictSame(await listed(store), [], 'an empty store');
    const { sha256: name } = await store.put(given('x', 'x'));
    await store.put(given('y', 'yy'));
    for (const path of [`zz/${name}`, `zz/deep/${name}`, name, `${name.slice(0, 2)}/${name}.old`, `incoming/${name}`]) litter(path);
    const found = await listed(store);
    t.match(found, [{ sha256: name, bytes: 1 }, { sha256: sha256('yy'), bytes: 2 }].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1)));
    t.equal(found.length, 2);
    for (const { changedAt } of found) t.ok(Math.abs(changedAt - Date.now()) < 60_000, 'in ms since 1970');
  });

  test('what was being put is removed when it is old', async (t, { store, stored, leaveHalf, given }) => {
    t.equal(await store.removeIncoming(Infinity), 0, 'an empty store');
    await store.put(given('x', 'x'));
    await leaveHalf();
    t.equal(stored().length, 2);
    t.equal(await store.removeIncoming(Date.now() - 60_000), 0, 'it may still be');
    t.equal(await store.removeIncoming(Date.now() + 60_000), 1);
    t.strictSame(stored(), [sha256('x')], 'the stored file stays');
  });

  test('a store has one owner', async (t, { store, another }) => {
    t.equal(await store.claim('a'), true, 'the first');
    t.equal(await store.claim('a'), true, 'for ever');
    t.equal(await another().claim('b'), false, 'and no other');
  });

  test('of several that claim it at once it is one', async (t, { store, another }) => {
    const claims = await Promise.all(['a', 'b', 'c', 'd'].map((owner) => another().claim(owner)));
    t.equal(claims.filter((isOwner) => isOwner).length, 1);
    t.equal(await store.claim(['a', 'b', 'c', 'd'][claims.indexOf(true)] ?? ''), true, 'and stays it');
  });

  test('it answers', async (t, { store }) => {
    await t.resolves(store.ping());
  });

  test('only hashes name files', async (t, { store }) => {
    for (const name of ['', 'x', '../../etc/passwd', 'A'.repeat(64), 'a'.repeat(63), `${'a'.repeat(64)}/..`, `${'a'.repeat(64)}\n`]) {
      await t.rejects(store.localFile(name), { message: `not a SHA-256: ${name}` }, `${JSON.stringify(name)} has no file`);
      t.throws(() => store.read(name), { message: `not a SHA-256: ${name}` }, `${JSON.stringify(name)} cannot be read`);
    }
  });
}

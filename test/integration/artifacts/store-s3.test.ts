// Artifact files in a bucket: what the network and the other side do to them.
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { parseS3Url } from '../../../src/artifacts/s3-location.js';
import { createS3ArtifactStore, type S3StoreOptions } from '../../../src/artifacts/s3-store.js';
import { S3_CREDENTIALS, s3Server } from '../../helpers/s3-server.js';
import { givenFiles, listed, sha256, storeContract, temporaryFolder } from './store-contract.js';

const MIB = 1024 * 1024;

/** Megabytes take a while on a busy machine. */
const PATIENT = { silenceMs: 10_000 };

/** What it fails with. */
const faultOf = (failing: Promise<unknown>) => failing.then(() => 'it did not fail', (error: unknown) => error);

async function stage(t: Test, changes: { limitBytes?: number } & Partial<S3StoreOptions> = {}) {
  const server = await s3Server(t);
  const open = (folder = temporaryFolder(t), { limitBytes = MIB, ...rest } = changes) =>
    createS3ArtifactStore({ location: parseS3Url(server.url), credentials: S3_CREDENTIALS, silenceMs: 500, cache: { folder, limitBytes }, ...rest });
  const folder = temporaryFolder(t);
  const keyOf = (name: string) => `team/${name.slice(0, 2)}/${name}`;
  const spoil = (name: string) => void (server.objects.get(keyOf(name))!.body[0]! ^= 1);
  const cached = () => (existsSync(join(folder, 'files')) ? readdirSync(join(folder, 'files')) : []);
  return { server, open, folder, store: open(folder), keyOf, spoil, cached, given: givenFiles(t) };
}

storeContract('in a bucket', async (t) => {
  const { server, open, store, spoil } = await stage(t);
  const nameOf = (key: string) => key.split('/').at(-1) ?? '';
  return {
    store,
    another: () => open(),
    stored: () => [...[...server.objects.keys()].map(nameOf).filter((name) => name !== 'owner'), ...server.uploads.keys()],
    litter: (path) => server.objects.set(`team/${path}`, { body: Buffer.from('not ours'), changedAt: Date.now() }),
    damage: spoil,
    leaveHalf: async () => void server.uploads.set('half', { key: `team/incoming`, parts: new Map(), startedAt: Date.now() }),
  };
});

t.test('bytes that are there already are not sent again', async (t) => {
  const { server, store, keyOf, given } = await stage(t);
  const { sha256: name } = await store.put(given('x', 'weights'));
  await store.put(given('y', 'weights'));
  t.equal(server.asked.filter((what) => what === `PUT ${keyOf(name)}`).length, 1);
});

t.test('a large file is sent in parts, a little of it in memory at once', async (t) => {
  const { server, store, keyOf, given } = await stage(t, PATIENT);
  const content = randomBytes(21 * MIB);
  server.fail({ status: 503, code: 'SlowDown' }, { times: 2, on: ({ query }) => query.get('partNumber') === '2' });
  const { sha256: name } = await store.put(given('large', content));
  t.ok(server.objects.get(keyOf(name))?.body.equals(content), 'and is whole, although a part was refused at first');
  t.equal(server.uploads.size, 0);
  t.equal(server.asked.filter((what) => what.startsWith('PUT') && what.endsWith('?uploadId')).length, 3 + 2, 'only that part was sent again');
});

t.test('a file that cannot be sent leaves no half', async (t) => {
  const { server, store, given } = await stage(t, PATIENT);
  const file = given('large', randomBytes(17 * MIB));
  server.fail({ status: 403, code: 'AccessDenied' }, { on: ({ query }) => query.get('partNumber') === '2' });
  t.match(await faultOf(store.put(file)), { fault: 'refused', code: 'AccessDenied', syscall: 'UploadPart', message: 'the artifact storage refuses: UploadPart: AccessDenied' });
  t.equal(server.uploads.size, 0);
  t.equal(server.objects.size, 0);
});

t.test('trouble that passes is not noticed', async (t) => {
  const { server, store, given } = await stage(t);
  for (const fault of [{ status: 500, code: 'InternalError' }, { status: 503, code: 'ServiceUnavailable' }, { resetAfter: 0 }, { stallAfter: 0 }]) {
    const content = JSON.stringify(fault);
    server.fail(fault, { times: 1, on: ({ method }) => method === 'PUT' });
    const { sha256: name } = await store.put(given('x', content));
    server.fail(fault, { times: 1, on: ({ method }) => method === 'GET' });
    t.equal((await buffer(store.read(name))).toString(), content, content);
  }
});

t.test('what breaks off is read on from there', async (t) => {
  const { server, store, keyOf, given } = await stage(t);
  const content = randomBytes(3 * MIB);
  const { sha256: name } = await store.put(given('x', content));
  for (const fault of [{ resetAfter: MIB }, { stallAfter: MIB }]) {
    server.asked.length = 0;
    server.fail(fault, { times: 2, on: ({ method }) => method === 'GET' });
    t.ok((await buffer(store.read(name))).equals(content), JSON.stringify(fault));
    t.strictSame(server.asked, Array.from({ length: 3 }, () => `GET ${keyOf(name)}`));
  }
  server.fail({ resetAfter: MIB / 2 }, { times: 1, on: ({ method }) => method === 'GET' });
  t.ok((await buffer(store.read(name, { start: 7, end: 2 * MIB }))).equals(content.subarray(7, 2 * MIB + 1)), 'also a part');
  server.fail({ resetAfter: 0 });
  t.match(await faultOf(buffer(store.read(name))), { fault: 'away' }, 'not for ever');
});

t.test('faults say what they are', async (t) => {
  const { server, store, given } = await stage(t);
  const file = given('x', 'x');
  const cases = [
    [{ status: 500, code: 'InternalError' }, { fault: 'away' }],
    [{ status: 503, code: 'SlowDown' }, { fault: 'away', message: /does not answer/ }],
    [{ stallAfter: 0 }, { fault: 'away' }],
    [{ resetAfter: 0 }, { fault: 'away' }],
    [{ status: 507, code: 'XMinioStorageFull' }, { fault: 'full', code: 'EDQUOT', message: 'the artifact storage is full: PutObject: XMinioStorageFull' }],
    [{ status: 403, code: 'QuotaExceeded' }, { fault: 'full', code: 'EDQUOT' }],
    [{ status: 403, code: 'SignatureDoesNotMatch' }, { fault: 'refused' }],
    [{ status: 501, code: 'NotImplemented' }, { fault: 'refused' }],
    [{ status: 404, code: 'NoSuchBucket' }, { fault: 'refused', code: 'NoSuchBucket' }],
  ] as const;
  for (const [fault, error] of cases) {
    server.fail(fault, { on: ({ method }) => method === 'PUT' });
    t.match(await faultOf(store.put(file)), error, JSON.stringify(fault));
    server.heal();
    // It may have come through all the same.
    server.objects.clear();
  }
  t.match(await faultOf(createS3ArtifactStore({ location: { ...parseS3Url(server.url), endpoint: 'http://127.0.0.1:1' }, credentials: S3_CREDENTIALS, cache: { folder: temporaryFolder(t), limitBytes: 0 } }).put(file)), { fault: 'away', code: 'ECONNREFUSED' }, 'nobody listens');
  t.match(await faultOf(createS3ArtifactStore({ location: parseS3Url(server.url), credentials: { ...S3_CREDENTIALS, accessKeyId: 'other' }, cache: { folder: temporaryFolder(t), limitBytes: 0 } }).ping()), { fault: 'refused' }, 'the wrong key');
});

t.test('whether a file is sound is not said while that cannot be told', async (t) => {
  const { server, store, given } = await stage(t);
  const { sha256: name } = await store.put(given('x', 'x'));
  server.fail({ status: 503, code: 'SlowDown' });
  t.match(await faultOf(store.isSound(name)), { fault: 'away' }, 'it would be taken for lost');
  server.heal();
  server.fail({ status: 403, code: 'AccessDenied' });
  t.match(await faultOf(store.isSound(name)), { fault: 'refused' });
});

t.test('a local file has the bytes of its name', async (t) => {
  const { server, store, spoil, cached, given } = await stage(t);
  const content = randomBytes(100_000);
  const { sha256: name } = await store.put(given('x', content));
  spoil(name);
  server.asked.length = 0;
  t.match(await faultOf(store.localFile(name)), { fault: 'damaged', message: /other bytes than were stored/ });
  t.equal(server.asked.length, 2, 'it was asked for once more');
  t.strictSame(cached(), [], 'and is not kept');
  spoil(name);
  const file = await store.localFile(name);
  t.ok(readFileSync(file.path).equals(content));
  await file.release();
  t.notOk(existsSync(file.path), 'it is gone when it is released');
  await t.resolves(file.release(), 'once more does no harm');
});

t.test('wrong bytes that came once are fetched again', async (t) => {
  const { store, server, keyOf, given } = await stage(t);
  const { sha256: name } = await store.put(given('x', 'x'));
  server.fail({ flips: 'a bit' }, { times: 1, on: ({ method }) => method === 'GET' });
  server.asked.length = 0;
  const file = await store.localFile(name);
  t.equal(readFileSync(file.path, 'utf8'), 'x');
  t.strictSame(server.asked, [`GET ${keyOf(name)}`, `GET ${keyOf(name)}`]);
});

t.test('those who want the same file at once share one download', async (t) => {
  const { server, store, folder, given } = await stage(t);
  const { sha256: name } = await store.put(given('x', randomBytes(100_000)));
  server.asked.length = 0;
  const files = await Promise.all(Array.from({ length: 8 }, () => store.localFile(name)));
  t.equal(server.asked.length, 1);
  t.equal(await store.isSound(name), true);
  t.equal(server.asked.length, 1, 'and what is there is not fetched to look at it');
  await Promise.all(files.map((file) => file.release()));
  t.strictSame(readdirSync(join(folder, 'held')), []);
  t.strictSame(readdirSync(join(folder, 'incoming')), []);
});

t.test('a copy that rusts is replaced', async (t) => {
  const { store, folder, given } = await stage(t);
  const { sha256: name } = await store.put(given('x', 'a training state'));
  await (await store.localFile(name)).release();
  writeFileSync(join(folder, 'files', name), 'rust');
  t.equal(await store.isSound(name), true);
  t.equal(readFileSync((await store.localFile(name)).path, 'utf8'), 'a training state');
});

t.test('copies stay within their bound, the latest used first, and whoever has one keeps it', async (t) => {
  const { server, store, open, folder, cached, given } = await stage(t, { limitBytes: 2_500 });
  const names: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) names.push((await store.put(given(name, name.repeat(1_000)))).sha256);
  const [a = '', b = '', c = '', d = ''] = names;
  const use = async (name: string, at = store) => (await at.localFile(name)).release();
  await use(a);
  await use(b);
  await use(a);
  await use(c);
  t.strictSame(cached().sort(), [a, c].sort(), 'b was used the longest time ago');

  // Of two processes on one folder, the other one makes room.
  const held = await Promise.all([a, c].map((name) => store.localFile(name)));
  const other = open(folder);
  await use(d, other);
  await use(b, other);
  t.strictSame(held.map(({ path }) => readFileSync(path, 'utf8')[0]), ['a', 'c'], 'what is held is there');
  await Promise.all(held.map((file) => file.release()));
  t.ok(cached().length <= 2, 'and when it is released the bound holds');

  server.asked.length = 0;
  const first = await store.localFile(a);
  await store.remove(a);
  t.equal(readFileSync(first.path, 'utf8')[0], 'a', 'also when it is removed from the store');
  t.notOk(cached().includes(a), 'of which no copy is kept');
});

t.test('links and halves that a killed process left are swept', async (t) => {
  const { store, folder, given } = await stage(t);
  await store.localFile((await store.put(given('x', 'x'))).sha256);
  writeFileSync(join(folder, 'incoming', `${Date.now()}-half`), 'hal');
  t.equal(await store.removeIncoming(Date.now() - 60_000), 0);
  t.equal(await store.removeIncoming(Date.now() + 60_000), 1, 'halves soon');
  t.equal(await store.removeIncoming(Date.now() + 25 * 3600_000), 1, 'what may be in use after a day');
});

t.test('pages are listed to the last', async (t) => {
  const { server, store, given } = await stage(t);
  server.pageSize = 3;
  for (let index = 0; index < 8; index += 1) await store.put(given('x', String(index)));
  server.objects.set('another-team/00', { body: Buffer.from('x'), changedAt: 0 });
  t.strictSame((await listed(store)).map(({ sha256: name }) => name), Array.from({ length: 8 }, (_, index) => sha256(String(index))).sort());
  for (let index = 0; index < 8; index += 1) server.uploads.set(`upload-${index}`, { key: 'team/x', parts: new Map(), startedAt: 0 });
  server.uploads.set('another', { key: 'another-team/x', parts: new Map(), startedAt: 0 });
  t.equal(await store.removeIncoming(Date.now()), 8);
  t.strictSame([...server.uploads.keys()], ['another'], 'beside the prefix is not ours');
  server.fail({ status: 501, code: 'NotImplemented' }, { on: ({ query }) => query.has('uploads') });
  t.equal(await store.removeIncoming(Date.now()), 0, 'a server that cannot tell is no fault');
});

t.test('a reader that goes away lets go of the connection', async (t) => {
  const { store, given } = await stage(t);
  const { sha256: name } = await store.put(given('x', randomBytes(20 * MIB)));
  const stream = store.read(name);
  await new Promise((resolve) => stream.once('readable', resolve));
  stream.destroy();
  await t.resolves(new Promise((resolve) => stream.once('close', resolve)));
});

t.test('an upload in parts whose last answer got lost is whole', async (t) => {
  const { server, store, given } = await stage(t);
  server.fail({ resetAfter: 0 }, { times: 1, on: ({ method, query }) => method === 'POST' && query.has('uploadId') });
  const { sha256: name } = await store.put(given('large', randomBytes(9 * MIB)));
  t.equal(await store.isSound(name), true);
});

t.test('a file that changes while it is put is not stored under a name that is not its own', async (t) => {
  const { server, store, given } = await stage(t);
  for (const bytes of [100, 9 * MIB]) {
    const file = given('x', randomBytes(bytes));
    server.fail({ status: 500, code: 'InternalError' }, { times: 1, on: ({ method }) => method === 'HEAD' });
    const putting = faultOf(store.put(file));
    while (!server.asked.some((what) => what.startsWith('HEAD'))) await new Promise((resolve) => setImmediate(resolve));
    given('x', randomBytes(bytes));
    t.match(await putting, { message: /was changed while it was stored/ });
    server.asked.length = 0;
  }
  t.equal(server.objects.size + server.uploads.size, 0);
});

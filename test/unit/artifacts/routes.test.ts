import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import t from 'tap';
import { dispositionOf } from '../../../src/artifacts/download.js';
import { StoreError } from '../../../src/artifacts/store-error.js';
import { problemOf, startApi, type Api } from '../../helpers/api.js';
import { until } from '../../helpers/poll.js';
import { WITH_KEY } from '../../helpers/key.js';
import { runningRun } from '../../helpers/trained-run.js';

const CONTENT = 'abcdefghijklmnopqrstuvwxyz';
const HASH = createHash('sha256').update(CONTENT).digest('hex');

async function runWithFiles(api: Api, files: Record<string, string> = { 'model/weights.bin': CONTENT }) {
  const run = await runningRun(api);
  const stored = Object.entries(files).map(([path, content]) => ({ path, contentType: 'application/octet-stream', ...api.store.add(content) }));
  await api.artifacts.addCheckpoint({ runId: run.id, attempt: 1 }, { kind: 'final', epoch: 1, step: 1, metrics: {}, path: 'model', files: stored });
  return `/v1/runs/${run.id}/artifacts`;
}

t.test('files are listed with where to get them', async (t) => {
  const api = await startApi(t);
  const base = await runWithFiles(api, { 'model/weights.bin': CONTENT, 'a b/ü%.txt': 'x' });
  const { items } = (await api.get(base)).json<{ items: { path: string; url: string; sha256: string; bytes: number }[] }>();
  t.match(items, [{ path: 'a b/ü%.txt', bytes: 1 }, { path: 'model/weights.bin', bytes: 26, sha256: HASH }]);
  for (const { url, path } of items) t.equal((await api.get(url)).statusCode, 200, `the address of ${path} leads to it`);
});

t.test('a file is downloaded whole', async (t) => {
  const api = await startApi(t);
  const response = await api.get(`${await runWithFiles(api)}/model/weights.bin`);
  t.equal(response.statusCode, 200);
  t.equal(response.body, CONTENT);
  t.match(response.headers, { etag: `"${HASH}"`, 'content-length': '26', 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream', 'content-disposition': 'attachment; filename="weights.bin"', 'cache-control': 'private, no-cache' });
});

t.test('a file is downloaded in parts', async (t) => {
  const api = await startApi(t);
  const url = `${await runWithFiles(api)}/model/weights.bin`;
  const part = await api.get(url, { range: 'bytes=2-4' });
  t.equal(part.statusCode, 206);
  t.equal(part.body, 'cde');
  t.match(part.headers, { 'content-range': 'bytes 2-4/26', 'content-length': '3', etag: `"${HASH}"` });
  t.equal((await api.get(url, { range: 'bytes=-3' })).body, 'xyz');
  t.equal((await api.get(url, { range: 'bytes=0-1,4-5' })).body, CONTENT, 'several ranges are answered with the whole');
  const beyond = await api.get(url, { range: 'bytes=26-' });
  t.match(problemOf(beyond), { code: 'range_not_satisfiable', status: 416 });
  t.equal(beyond.headers['content-range'], 'bytes */26');
  t.equal((await api.get(url, { range: 'bytes=2-4', 'if-range': `"${HASH}"` })).statusCode, 206, 'of the bytes that the client means');
  t.equal((await api.get(url, { range: 'bytes=2-4', 'if-range': '"other"' })).body, CONTENT, 'else the whole');
});

t.test('conditions spare the bytes', async (t) => {
  const api = await startApi(t);
  const url = `${await runWithFiles(api)}/model/weights.bin`;
  const fresh = await api.get(url, { 'if-none-match': `"x", "${HASH}"` });
  t.equal(fresh.statusCode, 304);
  t.equal(fresh.body, '');
  t.equal(fresh.headers.etag, `"${HASH}"`);
  t.equal((await api.get(url, { 'if-none-match': '"x"' })).statusCode, 200);
  t.equal(problemOf(await api.get(url, { 'if-match': '"x"' })).code, 'precondition_failed');
  t.equal((await api.get(url, { 'if-match': `"${HASH}"` })).statusCode, 200);
});

t.test('HEAD tells all but the bytes, and reads none', async (t) => {
  const api = await startApi(t);
  const url = `${await runWithFiles(api)}/model/weights.bin`;
  const response = await api.ask({ method: 'HEAD', url, headers: { range: 'bytes=0-1' } });
  t.equal(response.statusCode, 200, 'a range has no meaning for HEAD');
  t.equal(response.body, '');
  t.match(response.headers, { 'content-length': '26', etag: `"${HASH}"` });
  t.same(api.store.opened, []);
});

t.test('an empty file is a file', async (t) => {
  const api = await startApi(t);
  const response = await api.get(`${await runWithFiles(api, { 'empty.txt': '' })}/empty.txt`);
  t.equal(response.statusCode, 200);
  t.equal(response.headers['content-length'], '0');
});

t.test('a path that is not in the index is not found', async (t) => {
  const api = await startApi(t);
  const base = await runWithFiles(api);
  for (const path of ['nothing', 'model', 'model/', '../../../etc/passwd', '..%2f..%2fetc%2fpasswd', 'model%2fweights.bin%00']) {
    t.ok([400, 404].includes((await api.get(`${base}/${path}`)).statusCode), path);
  }
  t.equal((await api.get(`${base}/model%2fweights.bin`)).body, CONTENT, 'a slash may be escaped');
});

t.test('a file that the disk has lost is a problem, before anything is sent', async (t) => {
  const api = await startApi(t);
  const url = `${await runWithFiles(api)}/model/weights.bin`;
  api.store.files.clear();
  const response = await api.get(url);
  t.match(problemOf(response), { code: 'internal', status: 500 });
  t.equal(response.headers.etag, undefined, 'a problem does not carry the file\'s tag');
  t.match(api.logged.find((line) => line['msg'] === 'request failed'), { err: { code: 'ENOENT' } }, 'the log has the cause');
});

t.test('a storage that is away is said to be so', async (t) => {
  const api = await startApi(t);
  const url = `${await runWithFiles(api)}/model/weights.bin`;
  // Its cause must not be taken for the database.
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  api.store.read = () => new Readable({ read() { this.destroy(new StoreError('away', { cause })); } });
  t.match(problemOf(await api.get(url)), { code: 'artifacts_unavailable', status: 503, retryable: true });
});

t.test('a file that goes with its run while it is asked for is not found', async (t) => {
  const api = await startApi(t);
  const url = `${await runWithFiles(api)}/model/weights.bin`;
  const read = api.store.read.bind(api.store);
  api.store.read = (sha256, range) => {
    api.store.files.clear();
    api.records.runs.clear();
    return read(sha256, range);
  };
  t.equal(problemOf(await api.get(url)).code, 'not_found');
});

t.test('files of a run that has ended are deleted, and bytes that no other run uses are freed', async (t) => {
  const api = await startApi(t);
  const [base, other] = [await runWithFiles(api, { 'model/model.json': '{}', 'model/weights.bin': CONTENT }), await runWithFiles(api, { 'model/model.json': '{}', 'model/weights.bin': 'others' })];
  const remove = (path: string) => api.ask({ method: 'DELETE', url: `${base}/${path}` });
  t.match(problemOf(await remove('model/model.json')), { code: 'run_not_ended', status: 409, detail: /is running; it may still go on/ });
  await api.runRepository.change(base.split('/')[3]!, { to: 'failed', attempt: 1, reason: 'internal' });
  for (const path of ['nothing', 'mod', 'model/weights', '%2f', '../../x']) t.equal((await remove(path)).statusCode, 404, `${path} is none of its files`);
  t.equal((await remove('')).statusCode, 404, 'nor is nothing at all');
  const gone = await remove('model/weights.bin');
  t.equal(gone.statusCode, 204);
  t.equal(gone.body, '');
  t.equal(problemOf(await remove('model/weights.bin')).code, 'not_found', 'it was there once');
  t.equal(api.store.files.has(HASH), false, 'its bytes are free');
  t.equal((await remove('model/')).statusCode, 204, 'a folder goes with all that is in it');
  t.same((await api.get(base)).json<{ items: unknown[] }>().items, []);
  t.equal((await api.get(`${other}/model/model.json`)).body, '{}', 'what another run shares stays');
  api.store.remove = async () => Promise.reject(new Error('the disk'));
  await api.runRepository.change(other.split('/')[3]!, { to: 'failed', attempt: 1, reason: 'internal' });
  t.equal((await api.ask({ method: 'DELETE', url: `${other}/model` })).statusCode, 204, 'bytes that stay do not bring the files back');
  t.match(api.logged.find((line) => line['msg'] === 'bytes of deleted files stay'), { err: { message: 'the disk' } }, 'the log says so');
});

t.test('a client that goes away lets go of the file', async (t) => {
  const api = await startApi(t);
  const base = await runWithFiles(api);
  const endless = new Readable({ read() { this.push(Buffer.alloc(65_536)); } });
  api.store.read = () => endless;
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = api.app.server.address() as AddressInfo;
  const request = get({ port, host: '127.0.0.1', path: `${base}/model/weights.bin`, headers: WITH_KEY });
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.destroy();
  await until(() => endless.destroyed, { what: 'the file to be closed' });
  t.ok(endless.destroyed);
});

t.test('files are saved under their own names, whatever these are', async (t) => {
  t.equal(dispositionOf('model/model.json'), 'attachment; filename="model.json"');
  t.equal(dispositionOf('a"b\\c.txt'), `attachment; filename="a_b_c.txt"; filename*=UTF-8''a%22b%5Cc.txt`);
  t.equal(dispositionOf('über (1).txt'), `attachment; filename="_ber (1).txt"; filename*=UTF-8''%C3%BCber%20%281%29.txt`);
  t.notMatch(dispositionOf('a\r\nset-cookie: x'), /[\r\n]/, 'no header grows out of a name');
});

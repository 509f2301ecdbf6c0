import { PNG } from 'pngjs';
import t from 'tap';
import { DataFileError } from '../../../src/datasets/data-file-error.js';
import { problemOf, startApi } from '../../helpers/api.js';

const IMAGES = '/v1/datasets/mnist/images';

t.test('examples of a data set come as one picture', async (t) => {
  const api = await startApi(t);
  const asked: unknown[][] = [];
  const { read } = api.services.pictures;
  api.services.pictures.read = (...about) => {
    asked.push(about);
    return read(...about);
  };
  const response = await api.get(`${IMAGES}?split=train&indices=3,17,59999`);
  t.match(response.headers, { 'content-type': 'image/png', 'cache-control': 'private, no-cache', etag: /^W\/"[0-9a-f]{64}"$/ });
  t.same(asked, [['mnist', 'train', [3, 17, 59_999]]]);
  const { width, height, data } = PNG.sync.read(response.rawPayload);
  t.same([width, height], [84, 28]);
  t.same([data[0], data[28 * 4], data[56 * 4]], [3, 17, 59_999 % 256], 'in the order asked for');
  await api.get(`${IMAGES}?indices=${Array.from({ length: 100 }, (_, i) => 9999 - i).join()}`);
  t.match(asked[1], ['mnist', 'test', { length: 100 }], 'up to a hundred, of the test examples where nothing is said');
});

t.test('a picture that the client has is not made again', async (t) => {
  const api = await startApi(t);
  const etag = async (query: string) => String((await api.get(`${IMAGES}?${query}`)).headers.etag);
  const first = await etag('indices=3,17');
  t.equal(await etag('split=test&indices=3,17'), first, 'the same one has the same tag');
  t.not(await etag('indices=17,3'), first, 'another order another one');
  t.not(await etag('split=train&indices=3,17'), first, 'and another split');
  api.services.pictures.read = () => Promise.reject(new Error('not asked'));
  const again = await api.get(`${IMAGES}?indices=3,17`, { 'if-none-match': first });
  t.same([again.statusCode, again.headers.etag, again.body, again.headers['cache-control']], [304, first, '', 'private, no-cache'], 'but asked for, as another version of the data set has the same address');
});

t.test('what cannot be shown is a problem with its place', async (t) => {
  const api = await startApi(t);
  const detail = async (query: string) => {
    const problem = problemOf(await api.get(`${IMAGES}?${query}`));
    t.match(problem, { status: 400, code: 'bad_request', errors: [{ in: 'query', parameter: /^(indices|split)$/ }] }, query);
    return problem.errors?.[0]?.detail ?? '';
  };
  t.match(await detail('indices=10000'), 'must be numbers from 0 to 9999, with commas between; not "10000"');
  t.match(await detail('split=train&indices=1,60000'), 'not "60000"');
  for (const indices of ['', '1,', '-1', '1.5', '1e3', 'a', '99999999999999', '1;2', '%0A']) t.match(await detail(`indices=${indices}`), 'must be numbers', indices);
  t.match(await detail(`indices=${Array.from({ length: 101 }, () => 1).join()}`), 'must be at most 100 numbers');
  await detail('');
  await detail('indices=1&split=validation');
  t.equal(problemOf(await api.get('/v1/datasets/none/images?indices=1')).code, 'not_found');
  api.services.pictures.read = () => Promise.reject(new DataFileError('/secret/place', 'is damaged'));
  const failed = await api.get(`${IMAGES}?indices=1`);
  t.match(problemOf(failed), { status: 500, code: 'internal' }, 'a damaged file is our fault');
  t.notMatch(failed.body, 'secret');
  t.match(failed.headers, { 'cache-control': 'no-store' }, 'which may be mended');
});

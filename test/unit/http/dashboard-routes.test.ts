// The page at its addresses, and its assets. What was built is there: the tests are compiled by the same command.
import { readdirSync } from 'node:fs';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../../src/paths.js';
import { startApi } from '../../helpers/api.js';

const asPerson = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

t.test('the page is at its addresses, and finds its assets from each, whatever stands in front of the service', async (t) => {
  const { app } = await startApi(t);
  const get = (url: string) => app.inject({ url, headers: asPerson });
  const home = await get('/?state=running');
  t.equal(home.statusCode, 200);
  t.match(home.headers, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
  t.match(home.body, /<base href="\.\/">/);
  t.notMatch(home.body, /<script(?![^>]*\ssrc=)/, 'no script stands in the page itself, which the policy forbids');
  const lost = await get('/no/such/page');
  t.equal(lost.statusCode, 404);
  t.match(lost.body, /<base href="\.\.\/\.\.\/">/, 'who went astray finds the way back');
});

t.test('programs are answered with problems, as ever', async (t) => {
  const { app } = await startApi(t);
  for (const url of ['/v1/nowhere', '/v1', '/assets/none.js', '/docs-of-old', '/no/such/page']) {
    const headers = url.startsWith('/v1') || url.startsWith('/assets') ? asPerson : { accept: '*/*' };
    const answer = await app.inject({ url, headers });
    t.equal(answer.statusCode, 404, url);
    t.match(answer.headers, { 'content-type': /^application\/problem\+json/, 'cache-control': 'no-store' }, url);
  }
  t.equal((await app.inject({ method: 'POST', url: '/no/such/page', headers: asPerson })).statusCode, 404);
});

t.test('assets are kept for good, and come compressed', async (t) => {
  const { app } = await startApi(t);
  const script = readdirSync(join(packageRoot, 'dist', 'dashboard', 'assets')).find((name) => name.endsWith('.js.br'))?.slice(0, -3);
  t.match(script, /^[\w-]+-[\w-]{8}\.js$/, 'its name has a hash');
  for (const [encoding, expected] of [['gzip, deflate, br', 'br'], ['gzip', 'gzip'], ['identity', undefined]] as const) {
    const answer = await app.inject({ url: `/assets/${script}`, headers: { 'accept-encoding': encoding } });
    t.equal(answer.statusCode, 200, encoding);
    t.equal(answer.headers['content-encoding'], expected);
    t.match(answer.headers, { 'content-type': /javascript/, 'cache-control': 'public, max-age=31536000, immutable', vary: /accept-encoding/i });
  }
});

t.test('a page that the browser has is not sent again', async (t) => {
  const { app } = await startApi(t);
  const get = (url: string, tag?: string) => app.inject({ url, headers: { ...asPerson, ...(tag === undefined ? {} : { 'if-none-match': tag }) } });
  const etag = String((await get('/runs')).headers.etag);
  const again = await get('/runs', etag);
  t.same([again.statusCode, again.body, again.headers.etag], [304, '', etag]);
  t.equal((await get('/runs/1', etag)).statusCode, 200, 'that of another depth is another page');
  t.equal((await get('/no/page', String((await get('/no/page')).headers.etag))).statusCode, 404, 'who went astray is told so again');
});

t.test('the dashboard may be built, built anew and taken away while the service runs', async (t) => {
  const folder = join(t.testdir({}), 'built');
  const { app } = await startApi(t, { dashboardFolder: folder });
  const states = async () => Promise.all(['/', '/assets/a.js', '/lost'].map(async (url) => (await app.inject({ url, headers: asPerson })).statusCode));
  t.same(await states(), [404, 404, 404], 'before');
  const build = async (text: string, at: Date) => {
    await mkdir(join(folder, 'assets'), { recursive: true });
    for (const name of ['index.html', 'assets/a.js']) await writeFile(join(folder, name), text);
    for (const name of ['index.html', 'assets']) await utimes(join(folder, name), at, at);
  };
  const page = async () => (await app.inject({ url: '/', headers: asPerson })).body;
  for (const [text, at] of [['<p>one', new Date(2026, 0, 1)], ['<p>two', new Date(2026, 0, 2)], ['<p>three', new Date()]] as const) {
    await build(text, at);
    t.same(await states(), [200, 200, 404], text);
    t.same([await page(), await page()], [text, text]);
  }
  await writeFile(join(folder, 'assets', 'b.js'), '');
  t.equal((await app.inject({ url: '/assets/b.js' })).statusCode, 200, 'what comes in the same moment is seen too');
  await rm(join(folder, 'assets'), { recursive: true });
  t.same(await states(), [200, 404, 404]);
  await rm(folder, { recursive: true });
  t.same(await states(), [404, 404, 404], 'after');
});

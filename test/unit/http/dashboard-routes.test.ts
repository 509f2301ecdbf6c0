// The page at its addresses, and its assets. What was built is there: the tests are compiled by the same command.
import { readdirSync } from 'node:fs';
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

// Who looks at the web page, in a real browser: by a key, by a link, and no more.
import t from 'tap';
import type { CreatedApiKey } from '../../src/schemas/identity.js';
import type { Run } from '../../src/schemas/run.js';
import { startBrowser } from '../helpers/browser.js';
import { call } from '../helpers/client.js';
import { chromium, keyField, picture, signIn, skipWithoutBrowser, visit } from '../helpers/dashboard.js';
import { TEST_KEY } from '../helpers/key.js';
import { startService } from '../helpers/service.js';

t.test('signing in, and out again', { skip: skipWithoutBrowser }, async (t) => {
  const [{ address }, browser] = await Promise.all([startService(t, { TRAINYARD_ROLE: 'api' }), startBrowser(t, String(chromium))]);
  const { body: run } = await call<Run>(address, '/v1/runs', { json: { recipe: 'mnist-softmax', name: 'the shared one' } });
  await call(address, '/v1/users', { json: { name: 'vera' } });
  await call(address, '/v1/teams/default/members/vera', { method: 'PUT', json: { role: 'viewer' } });
  const { body: key } = await call<CreatedApiKey>(address, '/v1/keys', { json: { name: 'page', user: 'vera' } });

  await t.test('with a wrong key, then with the right one, until it is revoked', async (t) => {
    const { page } = await visit(browser);
    await page.goto(`${address}/runs`);
    const field = keyField(page);
    await field.fill('ty_nonsense');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('There is no such key, or it is good no more.').waitFor();
    await picture(page, 'sign-in-wrong');
    await field.fill(key.key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('vera · default').waitFor();
    const shared = page.getByRole('link', { name: 'the shared one' });
    await shared.waitFor();
    await page.getByRole('link', { name: 'Learn' }).click();
    const train = page.getByRole('button', { name: /^Train (it|again): One softmax layer$/ });
    await train.waitFor();
    t.equal(await train.isDisabled(), true, 'a viewer cannot press what a viewer may not');
    t.equal(await train.getAttribute('title'), 'You may look only.', 'and is told why');
    await page.goBack();
    await shared.click();
    await page.getByRole('heading', { name: 'the shared one' }).waitFor();
    for (const name of ['Pause', 'Cancel run', 'More']) t.equal(await page.getByRole('button', { name }).isVisible(), false, `nor is there ${name}`);
    await page.reload();
    await page.getByText('vera · default').waitFor();
    t.equal(await page.evaluate('document.cookie'), '', 'no script sees the session');
    await call(address, `/v1/keys/${key.id}`, { method: 'DELETE' });
    await page.getByText('You were signed out: the key, or the link, is good no more.').waitFor();
    await picture(page, 'sign-in-revoked');
  });

  await t.test('with a link, which shows one run and leaves nothing in the address', async (t) => {
    const { body: share } = await call<{ id: string; link: string }>(address, `/v1/runs/${run.id}/shares`, { json: {} });
    const { page } = await visit(browser);
    await page.goto(`${address}/#link=${share.link}`);
    await page.getByRole('heading', { name: 'the shared one' }).waitFor();
    t.notMatch(page.url(), /tyl_/);
    t.equal(await page.getByRole('button', { name: 'Cancel run' }).isVisible(), false);
    t.equal(await page.getByRole('link', { name: 'All runs' }).isVisible(), false, 'nor is there a way to others');
    await picture(page, 'link');
    await call(address, `/v1/runs/${run.id}/shares/${share.id}`, { method: 'DELETE' });
    await page.getByText('You were signed out: the key, or the link, is good no more.').waitFor();
    await page.goto('about:blank');
    await page.goto(`${address}/#link=${share.link}`);
    await page.getByText('The link is good no more. Sign in with a key.').waitFor();
  });

  await t.test('while the service is away it is waited for, and a link is not lost', async (t) => {
    const { body: share } = await call<{ link: string }>(address, `/v1/runs/${run.id}/shares`, { json: {} });
    const { page } = await visit(browser);
    let isAway = true;
    await page.route('**/v1/session', (route) => (isAway ? route.abort() : route.continue()));
    await page.goto(`${address}/#link=${share.link}`);
    await page.getByText('The service does not answer.').waitFor();
    await picture(page, 'away');
    isAway = false;
    await page.getByRole('heading', { name: 'the shared one' }).waitFor();
    t.notMatch(page.url(), /tyl_/);
  });

  await t.test('a part of a page that found the service away is there when it is back, without a press', async () => {
    const { page } = await visit(browser);
    await page.route('**/v1/teams/*/members', (route) => route.abort());
    await signIn(page, address, { path: '/teams' });
    await page.getByRole('alert').filter({ hasText: 'The service does not answer.' }).waitFor();
    await page.unroute('**/v1/teams/*/members');
    await page.getByRole('region', { name: /^Members of/ }).getByText('vera', { exact: true }).waitFor();
    await page.getByText('The service does not answer.').waitFor({ state: 'detached' });
  });

  await t.test('two tabs are of one person', async (t) => {
    const { page } = await visit(browser);
    const other = await page.context().newPage();
    await signIn(page, address, { path: '/learn' });
    await page.evaluate("sessionStorage.setItem('trainyard-draft x', 'mine')");
    const who = await page.locator('.who').innerText();
    await other.goto(`${address}/learn`);
    await other.getByText(who).waitFor();
    await other.route('**/v1/session', (route) => (route.request().method() === 'DELETE' ? route.abort() : route.continue()));
    await other.getByRole('button', { name: 'Sign out' }).click();
    await other.getByText('You are still signed in. The service does not answer.').waitFor();
    await other.unroute('**/v1/session');
    await other.getByRole('button', { name: 'Sign out' }).click();
    await keyField(page).waitFor();
    const { body: next } = await call<CreatedApiKey>(address, '/v1/keys', { json: { name: 'page', user: 'vera' } });
    await signIn(other, address, { key: next.key, path: '/learn' });
    await other.getByText('vera · default').waitFor();
    await keyField(page).fill(TEST_KEY);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(who).waitFor();
    await other.getByText(who).waitFor();
    t.equal(await page.evaluate("sessionStorage.getItem('trainyard-draft x')"), 'mine', 'whoever comes back finds what they wrote');
  });

  await t.test('by the keyboard one skips to the page; the colours are there before the page', async (t) => {
    const { page } = await visit(browser);
    await signIn(page, address, { path: '/learn' });
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Skip to the page' }).press('Enter');
    t.equal(await page.evaluate('document.activeElement.id'), 'main');
    t.match(page.url(), /\/learn$/, 'without going elsewhere');
    await page.getByRole('button', { name: 'Make it dark' }).click();
    await page.route('**/assets/index-*.js', (route) => route.abort());
    await page.goto(`${address}/runs`);
    t.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
  });
});

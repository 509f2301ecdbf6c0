// A run's page beyond its curves: the model drawn, events on the axis, warnings explained, the log, and what one can
// have it do.
import t from 'tap';
import type { Page } from 'playwright-core';
import type { Evaluations } from '../../src/schemas/evaluation.js';
import type { CreatedApiKey } from '../../src/schemas/identity.js';
import type { MetricSeriesList } from '../../src/schemas/metric.js';
import type { Run } from '../../src/schemas/run.js';
import { startBrowser } from '../helpers/browser.js';
import { call, ended } from '../helpers/client.js';
import { addressSays, chromium, picture, pictures, pointsOf, signIn, skipWithoutBrowser, visit } from '../helpers/dashboard.js';
import { until } from '../helpers/poll.js';
import { startService } from '../helpers/service.js';

/** Small and soon done; the eager engine is what the compiled one falls back to. */
const SPEC = {
  name: 'the explained one',
  tags: ['baseline'],
  dataset: { name: 'mnist', validation: 'test', take: 1500 },
  model: { layers: [
    { type: 'conv2d', filters: 6, kernelSize: 3, strides: 2, activation: 'relu' },
    { type: 'batchNormalization' },
    { type: 'maxPooling2d' },
    { type: 'flatten' },
    { type: 'dropout', rate: 0.2 },
    { type: 'dense', units: 10, activation: 'softmax' },
  ] },
  optimizer: { type: 'adam', learningRate: 0.002 },
  loss: 'categoricalCrossentropy',
  fit: { batchSize: 100, epochs: 3, seed: 1 },
  checkpoints: { everyEpochs: 1 },
};

t.test('a run is read and steered on its page', { skip: skipWithoutBrowser }, async (t) => {
  const [{ address }, browser] = await Promise.all([startService(t), startBrowser(t, String(chromium))]);
  const submit = async (json: unknown) => (await call<Run>(address, '/v1/runs', { json })).body;
  const diverging = await submit({ ...SPEC, name: 'too fast', loss: 'meanSquaredError', optimizer: { type: 'sgd', learningRate: 1000 }, model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 30 }, { type: 'dense', units: 10 }] } });
  const { id } = await submit(SPEC);
  const { page, faults } = await visit(browser);
  await signIn(page, address, { path: `/runs/${id}` });
  const run = await ended(address, id);
  t.equal(run.state, 'succeeded', run.message ?? 'the run succeeds');
  await page.locator('.run-title [role="status"]', { hasText: 'Succeeded' }).waitFor();

  await t.test('the model is a table with its totals, and a drawing', async (t) => {
    const table = page.getByRole('region', { name: 'Layers of the model' });
    t.match(await table.innerText(), /Total params\s+[\d,]+\s+Trainable params\s+[\d,]+\s+Non-trainable params\s+12/, 'as Keras tells it');
    await page.getByRole('tab', { name: 'Graph' }).click();
    const drawing = page.getByRole('region', { name: 'Drawing of the model' });
    await drawing.waitFor();
    t.equal(await drawing.locator('.graph-node').count(), 7, 'the input and six layers');
    t.match(await drawing.locator('.graph-shape').allTextContents(), ['28 × 28 × 1', '13 × 13 × 6'], 'with shapes between');
    await addressSays(page, /model=graph/);
  });

  await t.test('events stand on the axis of the curves, and share their cross-hair', async (t) => {
    const ticks = page.locator('.timeline-tick');
    // Those that nobody could tell apart are one.
    await until(async () => (await ticks.count()) >= 2, { what: 'states and checkpoints on the axis' });
    const list = page.getByRole('listbox', { name: 'Events' });
    await list.focus();
    await page.keyboard.press('Home');
    for (let tries = 0; tries < 20 && (await list.locator('[aria-selected="true"]').getAttribute('data-kind')) !== 'checkpoint'; tries += 1) await page.keyboard.press('ArrowDown');
    await page.locator('.timeline-told', { hasText: 'Its state is kept at step' }).waitFor();
    await until(async () => (await page.locator('[data-chart="loss"] .chart-where').innerText()) !== 'latest', { what: 'the curves to tell the same place' });
    const chart = page.locator('[data-chart="loss"]').getByRole('slider');
    await chart.focus();
    await page.keyboard.press('Home');
    for (let times = 0; times < 7; times += 1) await page.keyboard.press('ArrowRight');
    const place = await page.locator('[data-chart="loss"] .chart-where').innerText();
    await page.setViewportSize({ width: 1100, height: 900 });
    await page.getByRole('button', { name: 'Log scale' }).dispatchEvent('click');
    await until(async () => /log=yes/.test(page.url()), { what: 'the curves to be drawn anew' });
    await page.getByRole('button', { name: 'Log scale' }).dispatchEvent('click');
    await until(async () => !/log=yes/.test(page.url()), { what: 'the curves to be drawn anew' });
    t.equal(await page.locator('[data-chart="loss"] .chart-where').innerText(), place, 'what a key has set stays, however often it is drawn');
    await chart.blur();
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await t.test('a logarithmic axis may begin just below a power of ten', async (t) => {
    const other = await page.context().newPage();
    const thrown: string[] = [];
    other.on('pageerror', (error) => thrown.push(String(error)));
    await other.route(`**/v1/runs/${id}/metrics?*`, async (route) => {
      const response = await route.fetch();
      const { series } = (await response.json()) as MetricSeriesList;
      // A tenth more and less than these are what the axis then begins and ends with.
      for (const { key, points } of series) if (key === 'epoch/loss' && points) points.values = [14.1 / 1.1, 1, 0.00984 * 1.1];
      await route.fulfill({ response, json: { series } });
    });
    await other.goto(`${address}/runs/${id}?log=yes`);
    await until(async () => (await pointsOf(other, 'loss')) === 45, { what: 'the curve to be drawn' });
    await other.locator('[data-chart="loss"]').getByRole('slider').press('Home');
    await other.locator('[data-chart="loss"] [data-line="train"] b', { hasText: '12.82' }).waitFor();
    t.same(thrown, []);
    await other.close();
  });

  await t.test('epochs have a dot each, single batches none', async (t) => {
    const other = await page.context().newPage();
    // The dots of a curve are circles of one path.
    await other.addInitScript(`{
      const [circles, arc] = [new WeakMap(), Path2D.prototype.arc];
      window.dots = [];
      Path2D.prototype.arc = function (...circle) {
        if (!circles.has(this)) dots.push(circles.set(this, { count: 0 }).get(this));
        circles.get(this).count += 1;
        return arc.apply(this, circle);
      };
    }`);
    await other.goto(`${address}/runs/${id}`);
    await until(async () => (await pointsOf(other, 'loss')) === 45, { what: 'the curve to be drawn' });
    t.same([...new Set(await other.evaluate<number[]>('dots.map(({ count }) => count)'))], [3]);
    await other.close();
  });

  await t.test('the log is searched, filtered and followed', async (t) => {
    const log = page.getByRole('region', { name: 'Log', exact: true });
    const lines = log.locator('.log-line');
    await lines.first().waitFor();
    const all = await lines.count();
    await log.getByRole('searchbox').fill('engine');
    await until(async () => (await log.locator('mark').count()) > 0, { what: 'words to be marked' });
    t.ok((await lines.count()) <= all);
    await log.getByRole('combobox', { name: 'Level' }).selectOption('error');
    await log.getByText('No line is like that.').waitFor();
    await addressSays(page, /level=error/);
    const file = page.waitForEvent('download');
    await log.getByRole('button', { name: 'Download' }).click();
    t.equal((await file).suggestedFilename(), 'the-explained-one.log');
    await log.getByRole('combobox', { name: 'Level' }).selectOption('debug');
    await log.getByRole('searchbox').fill('');
  });
  await t.test('an evaluation of each epoch: the matrix, the classes and examples', async (t) => {
    const panel = page.getByRole('region', { name: 'Evaluation', exact: true });
    const epoch = panel.getByRole('slider', { name: 'Epoch' });
    await epoch.focus();
    await page.keyboard.press('ArrowLeft');
    await panel.locator('caption', { hasText: 'after epoch 2:' }).waitFor({ state: 'attached' });
    await addressSays(page, /evaluation=2/);
    const { body } = await call<Evaluations>(address, `/v1/runs/${id}/evaluations?epoch=2`);
    const cells = await panel.locator('.confusion tbody td').allTextContents();
    t.same(cells.map((cell) => Number(cell.replace(',', ''))), body.evaluation?.confusionMatrix.flat(), 'the cells are those of the API');
    t.equal(await panel.locator('.samples li').count(), body.evaluation?.samples.length, 'with all examples');
    await page.keyboard.press('End');
    await page.waitForURL((url) => !url.search.includes('evaluation='));
  });
  await t.test('what its trainer used is read when one opens it', async (t) => {
    await page.locator('.run-system > summary').click();
    await addressSays(page, /system=yes/);
    const long = { ...SPEC, fit: { ...SPEC.fit, epochs: 10_000 }, resources: { exclusive: true } };
    const first = await submit({ ...long, name: 'the one before' });
    const second = await submit({ ...long, name: 'the one that waits' });
    await until(async () => (await call<Run>(address, `/v1/runs/${first.id}`)).body.state === 'running', { what: 'the device to be taken' });
    await page.goto(`${address}/runs/${second.id}?system=yes`);
    await page.getByText('The first sample comes five seconds after its start.').waitFor();
    await call(address, `/v1/runs/${first.id}/cancel`, { method: 'POST' });
    const memory = page.locator('[data-chart="memory"] [data-line="rss"] b');
    await memory.waitFor();
    t.match(await memory.innerText(), /^[\d.]+ [MG]B$/, 'a page that was opened while the run waited fills');
    await call(address, `/v1/runs/${second.id}/cancel`, { method: 'POST' });
    await page.goto(`${address}/runs/${id}`);
    await page.locator('.run-title [role="status"]', { hasText: 'Succeeded' }).waitFor();
  });
  await pictures(page, 'run-page');

  await t.test('a failure is explained, with the change that helps', async (t) => {
    t.equal((await ended(address, diverging.id)).state, 'failed');
    const dataset = page.waitForResponse(/v1\/datasets\/mnist$/);
    await page.goto(`${address}/runs/${diverging.id}`);
    await page.getByText('The loss became NaN or infinite').waitFor();
    const clone = page.getByRole('link', { name: /^Clone with a learning rate of/ });
    t.match(await clone.getAttribute('href'), new RegExp(`/new\\?from=${diverging.id}&change=`));
    await clone.click();
    const rate = page.getByRole('textbox', { name: 'Learning rate' });
    await until(async () => Number(await rate.inputValue()) < 1000, { what: 'the change to be made where runs are written' });
    await page.goBack();
    await dataset;
    await page.getByRole('region', { name: 'Files' }).getByText('The run left no files.').waitFor();
    t.equal(await page.getByRole('region', { name: 'Ask the model' }).count(), 0, 'a model of values is not asked which digit it is');
    t.equal(await page.getByRole('button', { name: 'Extend' }).count(), 0, 'what cannot be extended has no such button');
    await pictures(page, 'run-failed');
  });

  await t.test('a long curve is read point by point where one zooms into it, with two fingers too', async (t) => {
    const long = await submit({ ...SPEC, name: 'the long one', dataset: { name: 'mnist', validation: 'none', take: 6000 }, model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }] }, fit: { batchSize: 1, epochs: 1, seed: 1 } });
    t.equal((await ended(address, long.id)).progress.step, 6000);
    const chart = page.locator('[data-chart="loss"]');
    const reads = async () => {
      const told: string[] = [];
      await chart.getByRole('slider').press('Home');
      for (let times = 0; times < 5; times += 1) {
        told.push(await chart.locator('[data-line="batch"] b').innerText());
        await page.keyboard.press('ArrowRight');
      }
      return told.filter((text) => text.includes(' to ')).length;
    };
    await page.goto(`${address}/runs/${long.id}`);
    await chart.getByRole('slider').waitFor();
    t.ok((await reads()) > 0, 'on the whole there are buckets');
    const finer = page.waitForResponse((response) => response.url().includes('loss') && response.url().includes('fromStep='));
    const { x, y, width, height } = (await chart.locator('.u-over').boundingBox())!;
    const touch = await page.context().newCDPSession(page);
    const fingers = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart: number) => touch.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [-1, 1].map((side, id) => ({ id, x: x + width * (0.5 + side * apart), y: y + height / 2 })) });
    await fingers('touchStart', 0.05);
    for (const apart of [0.1, 0.2, 0.3, 0.4]) await fingers('touchMove', apart);
    await fingers('touchEnd', 0);
    await page.waitForURL(/zoom=/);
    const [from = 0, to = 0] = new URL(page.url()).searchParams.get('zoom')!.split('~').map(Number);
    t.ok(Math.abs(to - from - 6000 / 8) < 20 && Math.abs(from + to - 6000) < 40, `eight times as large, in the middle: ${from} to ${to}`);
    await finer;
    await until(async () => (await reads()) === 0, { what: 'every point to be told by itself' });
    await picture(page, 'run-zoomed');
    await call(address, `/v1/runs/${long.id}`, { method: 'DELETE' });
  });

  await t.test('it is renamed, shared, forked, extended and deleted', async (t) => {
    const listings: string[] = [];
    page.on('request', (request) => request.url().endsWith(`/v1/runs/${id}/artifacts`) && listings.push(request.url()));
    await page.goto(`${address}/runs/${id}`);
    await page.getByRole('link', { name: 'Look inside it' }).waitFor();
    t.equal(listings.length, 1, 'its files are listed once for all that shows them');
    await choose(page, 'Name and tags');
    await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('a better name');
    await page.getByRole('dialog').getByRole('textbox', { name: 'Tags' }).fill('baseline, keep');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'a better name' }).waitFor();
    t.same((await call<Run>(address, `/v1/runs/${id}`)).body.tags, ['baseline', 'keep']);

    await choose(page, 'Share');
    await page.getByRole('button', { name: 'Make a link' }).click();
    const link = await page.getByRole('textbox', { name: 'The link, shown this once' }).inputValue();
    await picture(page, 'run-share');
    const guest = await visit(browser);
    await guest.page.goto(link);
    await guest.page.getByRole('heading', { name: 'a better name' }).waitFor();
    t.equal(await guest.page.getByRole('group', { name: 'Steer the run' }).count(), 0, 'who has the link looks only');
    await guest.page.context().close();
    await page.keyboard.press('Escape');

    await call(address, '/v1/teams', { json: { name: 'others' } });
    await call(address, '/v1/users', { json: { name: 'grace' } });
    await call(address, '/v1/teams/others/members/grace', { method: 'PUT', json: { role: 'member' } });
    const { body: { key } } = await call<CreatedApiKey>(address, '/v1/keys', { json: { name: 'hers', team: 'others', user: 'grace' } });
    await call(address, `/v1/runs/${id}/shares`, { json: { team: 'others', expiresInDays: 7 } });
    const other = await visit(browser);
    await signIn(other.page, address, { path: '/runs', key });
    await other.page.getByText('No runs yet').waitFor();
    await other.page.getByRole('combobox', { name: 'Whose' }).selectOption('shared');
    await other.page.getByRole('row', { name: /a better name/ }).waitFor();
    await addressSays(other.page, /whose=shared/);
    t.same(other.faults, []);
    await other.page.context().close();

    await page.getByRole('button', { name: 'More' }).focus();
    const focused = await page.evaluate(`(async () => {
      document.activeElement.click();
      for (let turns = 0; turns < 5; turns += 1) await null;
      return document.activeElement.getAttribute('role');
    })()`);
    t.equal(focused, 'menuitem', 'a menu has the keys before a frame is drawn');
    await page.keyboard.press('Escape');
    await choose(page, 'Fork from a checkpoint');
    await picture(page, 'run-fork');
    await page.getByRole('dialog').getByRole('spinbutton', { name: 'Epochs' }).fill('1');
    await page.getByRole('dialog').getByRole('textbox', { name: 'Learning rate' }).fill('0.0001');
    await page.getByRole('dialog').getByRole('button', { name: 'Fork' }).click();
    await page.waitForURL((url) => /\/runs\/[\w-]{36}$/.test(url.pathname) && !url.pathname.endsWith(id));
    const fork = (await call<Run>(address, `/v1/runs/${page.url().slice(-36)}`)).body;
    t.match(fork, { forkedFrom: { runId: id }, spec: { optimizer: { learningRate: 0.0001 } } });
    // Nobody waits for it.
    await call(address, `/v1/runs/${fork.id}/cancel`, { method: 'POST' });

    await page.goto(`${address}/runs/${id}`);
    t.match(await page.getByRole('link', { name: 'Clone and edit' }).getAttribute('href'), new RegExp(`/new\\?from=${id}$`));
    await page.getByRole('button', { name: 'Extend' }).click();
    await page.getByRole('spinbutton', { name: 'More epochs' }).fill('1');
    await page.getByRole('button', { name: 'Train on' }).click();
    await until(async () => (await call<Run>(address, `/v1/runs/${id}`)).body.spec.fit.epochs === 4, { what: 'a fourth epoch to be asked for' });
    await ended(address, id);
    await page.getByRole('radio', { name: 'Time' }).click();
    await page.locator('.run-title [role="status"]', { hasText: 'Succeeded' }).waitFor();
    await picture(page, 'run-extended');
    await choose(page, 'Delete run');
    const refusal = { status: 503, contentType: 'application/problem+json', body: JSON.stringify({ code: 'unavailable', status: 503, title: 'Unavailable', detail: 'The files cannot be reached.' }) };
    await page.route(`**/v1/runs/${id}`, (route) => (route.request().method() === 'DELETE' ? route.fulfill(refusal) : route.fallback()));
    await page.getByRole('button', { name: 'Delete it for good' }).click();
    await page.getByRole('dialog').getByText('The files cannot be reached.').waitFor();
    await page.unroute(`**/v1/runs/${id}`);
    faults.splice(0, faults.length, ...faults.filter((fault) => !/503/.test(fault)));
    await page.getByRole('button', { name: 'Delete it for good' }).click();
    await page.waitForURL(/\/runs$/);
    t.equal((await call(address, `/v1/runs/${id}`)).status, 404);
  });
  t.same(faults, [], 'the browser found no fault in the page');
});

/** One of the rarer things, by the keyboard. */
async function choose(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'More' }).press('Enter');
  await page.getByRole('menuitem', { name }).press('Enter');
  await page.getByRole('dialog').waitFor();
}
